"""Troth: the smart-device backend whose privacy policy is its source code."""
