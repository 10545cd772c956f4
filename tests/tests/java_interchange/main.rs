//! One directory, two engines: what the Java plugins write this project reads, and the other way
//! round, with the real jars. `docs/switching.md` says to operators what is tested here.

mod aside;
mod differences;
mod disk;
mod exchange;
mod folder;
mod peer;
mod switching;
mod users;
