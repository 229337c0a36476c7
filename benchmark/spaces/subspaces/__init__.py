"""Parts of a space that sub-supernets hold, and the splits that lead to them."""
