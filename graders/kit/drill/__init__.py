"""Interview practice: one topic, a countdown, and an interviewer who answers only what is asked.

What happened is a log of events, and everything else is derived from it: `events` and `state` (the log and what
it means), `rules` (what a command does to it, pure), `store` (the log on disk), `commands` (one after the other)
and `prompt` (a thin loop over the same commands), `card` (the scorecard, as text and as a page).

The clock. It runs from the start to a pause or the finish, between single commands too. A prompt that died
without a word (kill -9, a closed terminal, an empty battery) stopped the clock when it was last alive: it leaves
a sign of life every few seconds, and the time from the last one until somebody goes on counts as a pause.
"""
