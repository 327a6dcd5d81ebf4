"""`troth doctor`: what a deployment is like, check by check, each with what to do next. Mends nothing."""
