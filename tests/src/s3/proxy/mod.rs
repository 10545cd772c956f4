//! A proxy between a plugin and a server that makes trouble, the same with the same seed.
//!
//! - `fate`: what becomes of a request
//! - `serve`: serves a connection, each request as its fate will have it
//! - `line`: a connection that can be cut anywhere

mod fate;
mod line;
mod serve;

use std::sync::{Arc, Mutex};

use super::loopback::Loopback;
use super::server::S3Server;
use fate::{Fate, Request};

pub use fate::{Shares, Troubles};

/// A proxy that speaks HTTP/1.1 and listens until it is dropped.
pub struct FaultyProxy {
    listener: Loopback,
    server: S3Server,
    dice: Arc<Dice>,
}

impl FaultyProxy {
    /// Stands before `server` and makes trouble for these shares of the requests.
    pub fn new(server: &S3Server, shares: Shares, seed: u64) -> Self {
        let dice = Arc::new(Dice(Mutex::new(State {
            random: fastrand::Rng::with_seed(seed),
            shares,
            troubles: Troubles::default(),
        })));
        let address: Arc<str> = server.host_and_port().into();
        let shared = Arc::clone(&dice);
        let listener = Loopback::new(move |connection| {
            serve::serve(connection, Arc::clone(&address), Arc::clone(&shared))
        });
        Self { listener, server: server.clone(), dice }
    }

    /// The server behind it, reached through it.
    pub fn server(&self) -> S3Server {
        self.server.through(self.listener.url())
    }

    /// Makes trouble for other shares of the requests from now on.
    pub fn set(&self, shares: Shares) {
        self.dice.state().shares = shares;
    }

    /// Makes no trouble from now on.
    pub fn all_well(&self) {
        self.set(Shares::default());
    }

    /// What it has done so far.
    pub fn troubles(&self) -> Troubles {
        self.dice.state().troubles
    }
}

/// Decides, and counts what came of it.
struct Dice(Mutex<State>);

struct State {
    random: fastrand::Rng,
    shares: Shares,
    troubles: Troubles,
}

impl Dice {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn roll(&self, request: Request) -> Fate {
        let state = &mut *self.state();
        let fate = Fate::of(request, state.shares, &mut state.random);
        state.troubles.count(fate);
        fate
    }
}
