// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

//! A client of the Echo service on a Unix socket: `cargo run -- unix:///tmp/sock1`
//! One line a feature, `ok NAME` or `failed NAME: WHY`.

use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use pb::echo_client::EchoClient;
use prost::Message;
use tonic::metadata::{BinaryMetadataValue, MetadataMap};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, IntoRequest, Request, Status};
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus};
use tonic_types::{ErrorDetails, StatusExt};

mod pb {
    tonic::include_proto!("udsecho.v1");
}

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// A request with a deadline: without one a call may wait for ever.
fn within<T>(timeout: Duration, message: impl IntoRequest<T>) -> Request<T> {
    let mut request = message.into_request();
    request.set_timeout(timeout);
    request
}

fn request<T>(message: impl IntoRequest<T>) -> Request<T> {
    within(Duration::from_secs(10), message)
}

fn text(message: &str) -> pb::EchoRequest {
    pb::EchoRequest { message: message.into(), ..Default::default() }
}

fn expect<T: PartialEq + std::fmt::Debug>(actual: T, expected: T) -> Outcome {
    if actual != expected {
        return Err(format!("{actual:?} instead of {expected:?}").into());
    }
    Ok(())
}

/// One message there, one back.
async fn echo(channel: Channel) -> Outcome {
    let sent = pb::EchoRequest { payload: vec![0x00, 0xff], ..text("hi") };
    let response = EchoClient::new(channel).echo(request(sent)).await?.into_inner();
    expect((response.message.as_str(), &response.payload[..]), ("hi", &[0x00, 0xff][..]))
}

/// One message there, many back: its words.
async fn expand(channel: Channel) -> Outcome {
    let sent = pb::ExpandRequest { message: "one two three".into(), ..Default::default() };
    let mut responses = EchoClient::new(channel).expand(request(sent)).await?.into_inner();
    let mut words = Vec::new();
    while let Some(response) = responses.message().await? {
        words.push(response.message);
    }
    expect(words, vec!["one".into(), "two".into(), "three".into()])
}

/// Many messages there, one back.
async fn collect(channel: Channel) -> Outcome {
    let requests = tokio_stream::iter([text("one"), text("two")]);
    let response = EchoClient::new(channel).collect(request(requests)).await?.into_inner();
    expect((response.message.as_str(), response.count), ("onetwo", 2))
}

/// Messages in both directions, in turn.
async fn chat(channel: Channel) -> Outcome {
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    let requests = tokio_stream::wrappers::ReceiverStream::new(receiver);
    // chat() is done once the server began to answer, so the first message must be on its way by then.
    sender.send(text("one")).await?;
    let mut responses = EchoClient::new(channel).chat(request(requests)).await?.into_inner();
    let first = responses.message().await?;
    expect(first.map(|response| response.message), Some("one".into()))?;
    sender.send(text("two")).await?;
    let second = responses.message().await?;
    expect(second.map(|response| response.message), Some("two".into()))?;
    drop(sender); // half-closes
    expect(responses.message().await?, None)
}

/// Metadata comes back: before the response as text, after it as bytes.
async fn metadata(channel: Channel) -> Outcome {
    const INITIAL: &str = "x-grpc-test-echo-initial";
    const TRAILING: &str = "x-grpc-test-echo-trailing-bin";
    let mut sent = request(pb::ExpandRequest { count: Some(1), ..Default::default() });
    sent.metadata_mut().insert(INITIAL, "first".parse()?);
    sent.metadata_mut().insert_bin(TRAILING, BinaryMetadataValue::from_bytes(&[0x00, 0xff]));

    // The trailers of a unary call are in its response's metadata too, but only a stream tells which
    // came first.
    let response = EchoClient::new(channel).expand(sent).await?;
    expect(response.metadata().get(INITIAL).map(|value| value.as_bytes()), Some(&b"first"[..]))?;
    let mut responses = response.into_inner();
    while responses.message().await?.is_some() {}
    let trailers: MetadataMap = responses.trailers().await?.unwrap_or_default();
    let bytes = trailers.get_bin(TRAILING).and_then(|value| value.to_bytes().ok());
    expect(bytes.as_deref(), Some(&[0x00, 0xff][..]))
}

async fn failure(channel: Channel, sent: Request<pb::EchoRequest>) -> Result<Status, String> {
    match EchoClient::new(channel).echo(sent).await {
        Ok(_) => Err("no error".into()),
        Err(status) => Ok(status),
    }
}

/// A status other than OK, with details.
async fn fault(channel: Channel) -> Outcome {
    let details = ErrorDetails::with_error_info("NO_SUCH_THING", "udsecho", []);
    let rich = Status::with_error_details(Code::NotFound, "50 % gone: ü", details);
    let rich = tonic_types::pb::Status::decode(rich.details())?;
    let wanted = pb::Fault {
        code: rich.code,
        message: rich.message,
        details: rich.details,
        ..Default::default()
    };
    let sent = pb::EchoRequest { fault: Some(wanted), ..Default::default() };
    let status = failure(channel, request(sent)).await?;
    expect((status.code(), status.message()), (Code::NotFound, "50 % gone: ü"))?;
    let reason = status.get_details_error_info().map(|info| info.reason);
    expect(reason.as_deref(), Some("NO_SUCH_THING"))
}

/// A call that takes longer than its caller has time for.
async fn deadline(channel: Channel) -> Outcome {
    let delay = Some(prost_types::Duration { seconds: 60, nanos: 0 });
    let sent = pb::EchoRequest { delay, ..Default::default() };
    let status = failure(channel, within(Duration::from_millis(100), sent)).await?;
    // tonic's own timer says Cancelled; whether it or the server is the first is a matter of luck.
    expect(matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled), true)
}

async fn health(channel: Channel) -> Outcome {
    let sent = HealthCheckRequest { service: "udsecho.v1.Echo".into() };
    let response = HealthClient::new(channel).check(request(sent)).await?.into_inner();
    expect(response.status(), ServingStatus::Serving)
}

/// What the server sees of this process.
async fn whoami(channel: Channel) -> Outcome {
    let me = EchoClient::new(channel).who_am_i(request(pb::WhoAmIRequest {})).await?.into_inner();
    expect(me.uid, std::fs::metadata("/proc/self")?.uid())?;
    println!("# authority: {}", me.authority);
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    let Some(target) = std::env::args().nth(1) else {
        eprintln!("usage: cargo run -- unix:///ABSOLUTE/PATH");
        return 2.into();
    };
    let channel = match Endpoint::from_shared(target) {
        Ok(endpoint) => endpoint.connect_lazy(),
        Err(error) => {
            eprintln!("{error}");
            return 2.into();
        }
    };
    let mut failed = false;
    let mut report = |name, outcome: Outcome| match outcome {
        Ok(()) => println!("ok {name}"),
        Err(error) => {
            println!("failed {name}: {error}");
            failed = true;
        }
    };
    report("echo", echo(channel.clone()).await);
    report("expand", expand(channel.clone()).await);
    report("collect", collect(channel.clone()).await);
    report("chat", chat(channel.clone()).await);
    report("metadata", metadata(channel.clone()).await);
    report("fault", fault(channel.clone()).await);
    report("deadline", deadline(channel.clone()).await);
    report("health", health(channel.clone()).await);
    report("whoami", whoami(channel).await);
    if failed { 1.into() } else { 0.into() }
}
