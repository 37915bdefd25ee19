"""The lab's chat: two to four models answer at once, named or blind, and people vote."""
