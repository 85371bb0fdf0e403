"""One module per terminal command; see local/__main__.py."""
