"""The judge: what it is asked, how its reply is read, and how many are asked at a time."""
