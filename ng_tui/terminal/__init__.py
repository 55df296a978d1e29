"""What depends on the terminal: its capabilities, the clipboard, the backstop against foreign escapes."""
