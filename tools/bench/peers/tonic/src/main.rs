// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

//! The Echo service on tonic: `udsecho-peer WORKERS SOCKET_PATH`

use std::pin::Pin;
use std::time::Duration;

use pb::echo_server::{Echo, EchoServer};
use tokio::net::UnixListener;
use tokio::runtime::{Builder, Runtime};
use tokio_stream::wrappers::UnixListenerStream;
use tokio_stream::{Stream, StreamExt};
use tonic::transport::Server;
use tonic::{Request, Response, Status, Streaming};

mod pb {
    tonic::include_proto!("udsecho.v1");
}

const MAX_MESSAGE: usize = 16 << 20;

type Responses = Pin<Box<dyn Stream<Item = Result<pb::EchoResponse, Status>> + Send>>;

struct Service;

fn reply(request: pb::EchoRequest) -> pb::EchoResponse {
    pb::EchoResponse { message: request.message, payload: request.payload }
}

fn duration(value: Option<prost_types::Duration>) -> Result<Duration, Status> {
    Duration::try_from(value.unwrap_or_default())
        .map_err(|error| Status::invalid_argument(error.to_string()))
}

#[tonic::async_trait]
impl Echo for Service {
    type ExpandStream = Responses;
    type ChatStream = Responses;

    async fn echo(
        &self,
        request: Request<pb::EchoRequest>,
    ) -> Result<Response<pb::EchoResponse>, Status> {
        Ok(Response::new(reply(request.into_inner())))
    }

    async fn expand(
        &self,
        request: Request<pb::ExpandRequest>,
    ) -> Result<Response<Responses>, Status> {
        let pb::ExpandRequest { message, payload, count, interval, .. } = request.into_inner();
        let interval = duration(interval)?;
        let messages: Box<dyn Iterator<Item = String> + Send> = match count {
            Some(count) => Box::new(std::iter::repeat_n(message, count.try_into().unwrap_or(0))),
            None => {
                let words: Vec<_> = message.split_whitespace().map(String::from).collect();
                Box::new(words.into_iter())
            }
        };
        let responses = tokio_stream::iter(messages)
            .map(move |message| Ok(pb::EchoResponse { message, payload: payload.clone() }));
        if interval.is_zero() {
            return Ok(Response::new(Box::pin(responses)));
        }
        let mut wait = Duration::ZERO;
        Ok(Response::new(Box::pin(responses.then(move |response| {
            let wait = std::mem::replace(&mut wait, interval); // none before the first
            async move {
                tokio::time::sleep(wait).await;
                response
            }
        }))))
    }

    async fn collect(
        &self,
        request: Request<Streaming<pb::EchoRequest>>,
    ) -> Result<Response<pb::CollectResponse>, Status> {
        let mut requests = request.into_inner();
        let mut response = pb::CollectResponse::default();
        let mut payload = Vec::new();
        while let Some(request) = requests.message().await? {
            response.count += 1;
            response.bytes += (request.message.len() + request.payload.len()) as i64;
            response.message += &request.message;
            payload.extend_from_slice(&request.payload);
        }
        response.payload = payload.into();
        Ok(Response::new(response))
    }

    async fn chat(
        &self,
        request: Request<Streaming<pb::EchoRequest>>,
    ) -> Result<Response<Responses>, Status> {
        let requests = request.into_inner();
        Ok(Response::new(Box::pin(requests.map(|request| request.map(reply)))))
    }

    async fn who_am_i(
        &self,
        _: Request<pb::WhoAmIRequest>,
    ) -> Result<Response<pb::WhoAmIResponse>, Status> {
        Err(Status::unimplemented("not in a peer of the benchmark"))
    }
}

/// With one worker all happens on this thread: no other is woken, nothing is stolen.
fn runtime(workers: usize) -> std::io::Result<Runtime> {
    match workers {
        1 => Builder::new_current_thread().enable_all().build(),
        _ => Builder::new_multi_thread().worker_threads(workers).enable_all().build(),
    }
}

async fn serve(path: &str) -> Result<(), Box<dyn std::error::Error>> {
    let service = EchoServer::new(Service).max_decoding_message_size(MAX_MESSAGE);
    let listener = UnixListenerStream::new(UnixListener::bind(path)?);
    Ok(Server::builder().add_service(service).serve_with_incoming(listener).await?)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [workers, path] = &arguments[..] else {
        return Err("usage: udsecho-peer WORKERS SOCKET_PATH".into());
    };
    runtime(workers.parse()?)?.block_on(serve(path))
}
