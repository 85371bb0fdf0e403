// Only Azurite's SQL persistence asks for this driver; the local run keeps its data in files or in memory.
throw new Error("mysql2 is left out of this install of Azurite");
