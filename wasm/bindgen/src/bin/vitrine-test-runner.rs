//! The runner that `cargo test --target wasm32-unknown-unknown` calls: wasm-bindgen's own, with the version pinned.
//!
//! It starts a WebDriver (`CHROMEDRIVER`), serves the test module on loopback and prints what the browser prints.

fn main() {
    if let Err(e) = wasm_bindgen_cli::wasm_bindgen_test_runner::run_cli_with_args(std::env::args_os()) {
        eprintln!("error: {e:?}");
        std::process::exit(1);
    }
}
