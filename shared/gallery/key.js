// The question for a key, once, whoever needs it. It is kept in sessionStorage: gone with the tab, sent nowhere but to this app.

import { button, byId, el, openDialog } from "./dom.js";

let asked = null;

/** The key, or null if the user would rather not. */
export function askForKey({ wrong }) {
  asked ??= ask(wrong).finally(() => { asked = null; });
  return asked;
}

function ask(wrong) {
  const dialog = byId("key");
  const input = el("input", { type: "password", id: "key-input", autocomplete: "off", spellcheck: "false", required: true,
    "aria-describedby": "key-help" });
  return new Promise((resolve) => {
    let given = null;
    const submit = (event) => {
      event.preventDefault();
      given = input.value.trim() || null;
      if (given !== null) dialog.close();
    };
    const form = el("form", { class: "stack", on: { submit } },
      wrong && el("p", { class: "problem", role: "alert" }, "This key was not accepted. Check it and try again."),
      el("p", { id: "key-help" }, "This app asks for a function key. It is kept until you close this tab, and is sent only to this app, in a header."),
      el("label", { for: "key-input" }, "Function key"), input,
      el("div", { class: "row" }, el("button", { type: "submit", class: "primary" }, "Continue"), button("Not now", {}, () => dialog.close())));
    dialog.addEventListener("close", () => resolve(given), { once: true });
    openDialog(dialog, "Key needed", form);
    input.focus();
  });
}
