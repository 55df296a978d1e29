//! Nanoseconds of one exact search in 4096 vectors of eight numbers: `kernel_rate QUERIES`.
//!
//! Vectors and queries are uniform in a cube, so that nothing can be guessed from the query before; every query looks at
//! all vectors without a bound. Prints one JSON object. `bench/run.py` calls it beside its peers.

#![expect(clippy::print_stdout, reason = "the result goes to standard output")]

use ng_detect::Kernel;
use ng_detect::kernel::{Block, DIMS, LANES, Query, Scanner, TopK, capacity, distance};
use std::error::Error;
use std::time::Instant;

const VECTORS: usize = 4096;

fn main() -> Result<(), Box<dyn Error>> {
    let queries: usize = std::env::args().nth(1).ok_or("usage: kernel_rate QUERIES")?.parse()?;
    let mut state = 1u64;
    let mut uniform = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / 16_777_216.0
    };
    let mut blocks = vec![Block::FREE; VECTORS / LANES];
    for value in blocks.iter_mut().flat_map(|block| block.values.as_flattened_mut()) {
        *value = uniform();
    }
    let asked: Vec<[f32; DIMS]> = (0..queries).map(|_| std::array::from_fn(|_| uniform())).collect();
    // No block begins farther away than another, so that all are looked at.
    let gaps = vec![[0.0; LANES]; VECTORS / LANES / LANES];
    let mut result = serde_json::Map::new();
    for (name, kernel) in [("avx512", Kernel::Avx512), ("avx2", Kernel::Avx2), ("scalar", Kernel::Scalar)] {
        let scanner = Scanner::new(kernel);
        if scanner.name() != name {
            continue;
        }
        let mut found = Vec::with_capacity(capacity(3));
        let (ns, sum) = per_query(&asked, |vector| {
            let query = Query { vector, weights: None, k: 3, bound: f32::MAX };
            scanner.nearest(&blocks, query, &mut found);
            found.iter().map(|found| f64::from(distance(*found))).sum()
        });
        result.insert(format!("{name}_3_ns"), ns.into());
        result.insert(format!("{name}_3_sum"), sum.into());
        let mut nearby = TopK::default();
        let (ns, sum) = per_query(&asked, |vector| {
            let query = Query { vector, weights: Some(&[1.0; DIMS]), k: 64, bound: f32::MAX };
            scanner.nearby(&blocks, &gaps, query, &mut nearby);
            nearby.distances(64).iter().map(|distance| f64::from(*distance)).sum()
        });
        result.insert(format!("{name}_64_ns"), ns.into());
        result.insert(format!("{name}_64_sum"), sum.into());
    }
    result.insert("kernel".into(), Scanner::new(Kernel::Auto).name().into());
    println!("{}", serde_json::Value::Object(result));
    Ok(())
}

/// Nanoseconds of a query in the median of 20 parts, and the sum of all answers.
fn per_query(asked: &[[f32; DIMS]], mut search: impl FnMut(&[f32; DIMS]) -> f64) -> (f64, f64) {
    let (mut parts, mut sum) = (Vec::new(), 0.0);
    for part in asked.chunks(asked.len().div_ceil(20).max(1)) {
        let started = Instant::now();
        sum += part.iter().map(&mut search).sum::<f64>();
        parts.push(started.elapsed().as_nanos() as f64 / part.len() as f64);
    }
    parts.sort_by(f64::total_cmp);
    (parts[parts.len() / 2], sum)
}
