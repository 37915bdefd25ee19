"""The admin's site: studies, imports and people. Every handler asks again who is there."""
