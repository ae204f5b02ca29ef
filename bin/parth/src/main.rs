//! The `parth` binary: wiring only.

mod demo;
mod node;

fn main() {
    let stop = parth_runtime::Shutdown::new();
    use clap::Parser;
    #[derive(Parser)]
    enum Cli {
        Demo(demo::Options),
    }
    let Cli::Demo(options) = Cli::parse();
    if let Err(error) = demo::run(options, &stop) {
        eprintln!("parth: {error}");
        std::process::exit(1)
    }
}
