"""The plain privacy page, in Chinese and English, without JavaScript."""
