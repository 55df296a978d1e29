//! Measures how fast events reach many readers: of an engine over WebSocket, or of a NATS server, in the same way.
//!
//! ```text
//! fan_out engine HOST:PORT TOKEN CLIENTS SECONDS RATE   events go in by POST /api/v1/ingest
//! fan_out nats   HOST:PORT -     CLIENTS SECONDS RATE   events go in by PUB
//! ```
//!
//! A rate of 0 means as fast as the server takes them. Every event carries one byte 0x1e and the time at which it was sent, so
//! that readers count and time them without looking at the protocol. Prints one JSON object.

use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Barrier;

const MARK: u8 = 0x1e;
/// Events that go in at a time when there is no rate.
const BATCH: usize = 200;
/// Digits of the time in an event.
const DIGITS: usize = 12;

/// What all tasks share.
struct Run {
    start: Instant,
    deliveries: AtomicU64,
    /// Nanoseconds from sending to receiving; only with a rate.
    delays: Mutex<Vec<u64>>,
    over: AtomicBool,
}

/// One measurement, as the command line asks for it.
struct Job {
    nats: bool,
    address: String,
    token: String,
    clients: usize,
    time: Duration,
    rate: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [kind, address, token, clients, seconds, rate] = words.as_slice() else {
        return Err(std::io::Error::other("expected: engine|nats HOST:PORT TOKEN CLIENTS SECONDS RATE"));
    };
    let number = |text: &String| text.parse::<u64>().map_err(std::io::Error::other);
    let job = Job {
        nats: kind == "nats",
        address: address.clone(),
        token: token.clone(),
        clients: number(clients)? as usize,
        time: Duration::from_secs(number(seconds)?),
        rate: number(rate)?,
    };
    measure(job).await
}

async fn measure(job: Job) -> std::io::Result<()> {
    let job = Arc::new(job);
    let run = Arc::new(Run {
        start: Instant::now(),
        deliveries: AtomicU64::new(0),
        delays: Mutex::default(),
        over: AtomicBool::new(false),
    });
    let ready = Arc::new(Barrier::new(job.clients + 1));
    let mut readers = Vec::with_capacity(job.clients);
    for _ in 0..job.clients {
        let stream = open(&job).await?;
        readers.push(tokio::spawn(read(stream, run.clone(), ready.clone(), job.rate > 0)));
    }
    ready.wait().await;
    let began = Instant::now();
    let sent = publish(&job, &run).await?;
    // What is under way arrives within this time, or it was lost.
    let wanted = sent * job.clients as u64;
    let deadline = Instant::now() + Duration::from_secs(10);
    let mut arrived = began.elapsed();
    let mut seen = 0;
    while seen < wanted && Instant::now() < deadline {
        let now = run.deliveries.load(Ordering::Relaxed);
        if now > seen {
            (seen, arrived) = (now, began.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    run.over.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.abort();
    }
    let mut delays = std::mem::take(&mut *run.delays.lock());
    delays.sort_unstable();
    let percentile =
        |share: f64| delays.get(((delays.len() as f64 * share) as usize).min(delays.len().saturating_sub(1)));
    let result = serde_json::json!({
        "sent": sent, "deliveries": seen, "missing": wanted - seen, "seconds": arrived.as_secs_f64(),
        "per_second": seen as f64 / arrived.as_secs_f64(),
        "p50_us": percentile(0.5).map(|ns| *ns as f64 / 1e3), "p99_us": percentile(0.99).map(|ns| *ns as f64 / 1e3),
    });
    #[expect(clippy::print_stdout, reason = "the result of the measurement")]
    {
        println!("{result}");
    }
    Ok(())
}

/// A connection that gets every event from here on.
async fn open(job: &Job) -> std::io::Result<TcpStream> {
    let mut stream = TcpStream::connect(&job.address).await?;
    stream.set_nodelay(true)?;
    if job.nats {
        stream.write_all(b"CONNECT {\"verbose\":false}\r\nSUB bench 1\r\nPING\r\n").await?;
        wait_for(&mut stream, b"PONG\r\n").await?;
        return Ok(stream);
    }
    let credentials = if job.token == "-" { String::new() } else { format!("Authorization: Bearer {}\r\n", job.token) };
    let head = format!(
        "GET /ws HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{credentials}\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Protocol: ng.v1.msgpack\r\n\r\n",
        job.address
    );
    stream.write_all(head.as_bytes()).await?;
    wait_for(&mut stream, b"\r\n\r\n").await?;
    let mut hello = Vec::new();
    let fields = serde_json::json!({ "proto": 1, "packed": true, "filter": "source:http*" });
    rmp_serde::encode::write(&mut hello, &fields).map_err(std::io::Error::other)?;
    // A frame with the mask of zeros, which changes nothing.
    let mut frame = vec![0x82, 0x80 | hello.len() as u8, 0, 0, 0, 0];
    frame.extend(hello);
    stream.write_all(&frame).await?;
    // The views come first, and the empty dictionary when the feed has been joined.
    wait_for_all(&mut stream, &[b"metrics", b"records"]).await?;
    Ok(stream)
}

async fn wait_for(stream: &mut TcpStream, wanted: &[u8]) -> std::io::Result<()> {
    wait_for_all(stream, &[wanted]).await
}

async fn wait_for_all(stream: &mut TcpStream, wanted: &[&[u8]]) -> std::io::Result<()> {
    let mut seen: Vec<u8> = Vec::new();
    let mut buffer = [0; 4096];
    while !wanted.iter().all(|word| seen.windows(word.len()).any(|window| window == *word)) {
        match stream.read(&mut buffer).await? {
            0 => return Err(std::io::Error::other("closed while it was waited for an answer")),
            count => seen.extend_from_slice(&buffer[..count]),
        }
    }
    Ok(())
}

/// Counts, and times when asked to, what comes.
async fn read(mut stream: TcpStream, run: Arc<Run>, ready: Arc<Barrier>, timed: bool) -> std::io::Result<()> {
    ready.wait().await;
    let mut buffer = vec![0; 256 << 10];
    let mut kept = 0;
    while !run.over.load(Ordering::Relaxed) {
        let count = stream.read(&mut buffer[kept..]).await?;
        if count == 0 {
            break;
        }
        let end = kept + count;
        let now = run.start.elapsed().as_nanos() as u64;
        let mut at = 0;
        let mut found = 0;
        let mut delays = Vec::new();
        while let Some(place) = buffer[at..end].iter().position(|byte| *byte == MARK) {
            let from = at + place + 1;
            if from + DIGITS > end {
                break;
            }
            // The mark is also a byte that numbers are made of.
            let Some(sent) =
                std::str::from_utf8(&buffer[from..from + DIGITS]).ok().and_then(|text| text.parse::<u64>().ok())
            else {
                at = from;
                continue;
            };
            if timed {
                delays.push(now.saturating_sub(sent * 1_000));
            }
            found += 1;
            at = from + DIGITS;
        }
        let rest = buffer[at..end].iter().position(|byte| *byte == MARK).map_or(end, |place| at + place);
        buffer.copy_within(rest..end, 0);
        kept = end - rest;
        run.deliveries.fetch_add(found, Ordering::Relaxed);
        run.delays.lock().extend(delays);
    }
    Ok(())
}

/// One event: a mark, the time in microseconds, and text up to 128 bytes.
fn event(run: &Run, number: u64) -> Vec<u8> {
    let mut text = vec![MARK];
    text.extend(format!("{:0DIGITS$} ", run.start.elapsed().as_micros()).bytes());
    text.extend(format!("request {number} of the measurement was answered in {} ms", number % 97).bytes());
    text.resize(128, b'.');
    text
}

/// Sends events for the time of the job; returns how many.
async fn publish(job: &Job, run: &Run) -> std::io::Result<u64> {
    let mut stream = TcpStream::connect(&job.address).await?;
    stream.set_nodelay(true)?;
    if job.nats {
        stream.write_all(b"CONNECT {\"verbose\":false}\r\nPING\r\n").await?;
        wait_for(&mut stream, b"PONG\r\n").await?;
    }
    let began = Instant::now();
    let mut sent = 0;
    while began.elapsed() < job.time {
        let due =
            if job.rate > 0 { (began.elapsed().as_secs_f64() * job.rate as f64) as u64 } else { sent + BATCH as u64 };
        if due <= sent {
            tokio::time::sleep(Duration::from_micros(200)).await;
            continue;
        }
        let events: Vec<Vec<u8>> = (sent..due).map(|number| event(run, number)).collect();
        sent = due;
        if job.nats {
            let mut out = Vec::new();
            for event in &events {
                out.extend(format!("PUB bench {}\r\n", event.len()).bytes());
                out.extend(event);
                out.extend(b"\r\n");
            }
            if job.rate == 0 {
                // The answer tells that the server has taken them, as that of ingest does.
                out.extend(b"PING\r\n");
            }
            stream.write_all(&out).await?;
            if job.rate == 0 {
                wait_for(&mut stream, b"PONG\r\n").await?;
            }
        } else {
            let body = events.join(&b'\n');
            let credentials =
                if job.token == "-" { String::new() } else { format!("Authorization: Bearer {}\r\n", job.token) };
            let head = format!(
                "POST /api/v1/ingest HTTP/1.1\r\nHost: {}\r\n{credentials}Content-Type: text/plain\r\nContent-Length: {}\r\n\r\n",
                job.address,
                body.len()
            );
            let mut out = head.into_bytes();
            out.extend(body);
            stream.write_all(&out).await?;
            wait_for(&mut stream, b"\"last_seq\"").await?;
        }
    }
    Ok(sent)
}
