//! Prints `docs/configuration.md`.

fn main() {
    print!("{}", checkpoint_storage_keys::reference::page());
}
