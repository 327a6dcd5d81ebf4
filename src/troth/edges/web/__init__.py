"""The privacy centre: what people see and do about their data, in Chinese and English, on a phone first."""
