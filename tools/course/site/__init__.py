"""The site: the notes, the cards and the differences of the stages as pages that need no server and no network."""
