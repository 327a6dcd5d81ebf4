"""Next versions of a policy: people told before the day, asked where it lessens rights, older texts kept."""
