"""What a decision on a change rests on, as its page shows it. One part a file; none decides anything."""
