"""A local stand-in for the Azure Functions host: runs a function_app.py with the real host's semantics, without Azure.

It exists for the laptop and the tests; docs/local-host.md says what it does as the real host does, and what not.
`python -m local.host`, or in a test `with Host(app=…, environ=…) as host: host.url`.
"""

from local.host.host import Host

__all__ = ["Host"]
