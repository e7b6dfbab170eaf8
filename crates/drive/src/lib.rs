//! Plays the citizen: a cookie-jar client of the real pages.
