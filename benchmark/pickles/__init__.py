"""Reading pickles from untrusted files without running code."""
