"""Words that are no evidence by themselves, in English, German, French and Spanish: without accents."""

from __future__ import annotations

FUNCTION_WORDS = frozenset(
    """
    aber about above after again algo alle alors also always ante antes aqui auch auf aus aussi autre aux avec
    avoir because been before bei beim being below between bild bis both cada cannot cette comme como con contra
    could cual cuando dann dans das dass dem den depuis der des desde die diese dieser does doing donc donde
    done down durch each ein eine einem einen einer eines elle elles ellos entre era est esta este esto etre
    every from fue fuer further gegen haben hasta have having here hier hinter ihre image imagen into itself
    jede jeder just kann kein keine las leur leurs like line lines los made mais many mas mehr meme mit montre
    more most much muestra must muy nach near next nicht noch none nos nous nur oben oder ohne only other otra
    otro over par para pas pero photo picture plus por porque pour quand que qui read reads said same sans says
    segun sehr sein seine ser ses shall should shown shows sich sin sind sobre some son sont sous steht such sur
    sus tambien text than that their them then there these they this those through tiene toda todo tous tout
    toute tres ueber una unas und under une unos unter until vers very vom von vor vous wenn werden were what
    when where which while will wird with within without would your zeigt zum zur zwischen
    """.split()  # noqa: SIM905 - a list of words
)
