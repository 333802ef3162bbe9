// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The Echo service on grpc-js: node server.js SOCKET_PATH

import { fileURLToPath } from 'node:url';
import { setTimeout } from 'node:timers/promises';

import grpc from '@grpc/grpc-js';
import protoLoader from '@grpc/proto-loader';

const MAX_MESSAGE = 16 << 20;
const EMPTY = Buffer.alloc(0);

const definition = protoLoader.loadSync(fileURLToPath(new URL('echo.proto', import.meta.url)));
const { Echo } = grpc.loadPackageDefinition(definition).udsecho.v1;

const reply = ({ message, payload }) => ({ message, payload });

function* expansion({ message = '', payload, count }) {
  if (count === undefined) {
    for (const word of message.split(/\s+/).filter(Boolean)) yield { message: word, payload };
  } else {
    for (let i = 0; i < count; ++i) yield { message, payload };
  }
}

async function expand(call) {
  const { seconds = 0, nanos = 0 } = call.request.interval ?? {};
  const interval = Number(seconds) * 1e3 + nanos / 1e6;
  let goOn = () => {};
  call.on('drain', () => goOn());
  call.on('cancelled', () => goOn());
  let first = true;
  for (const response of expansion(call.request)) {
    if (!first && interval > 0) await setTimeout(interval);
    if (call.cancelled) break;
    first = false;
    if (!call.write(response)) await new Promise((resolve) => (goOn = resolve));
  }
  call.end();
}

const handlers = {
  Echo: (call, callback) => callback(null, reply(call.request)),

  Expand: expand,

  Collect: (call, callback) => {
    const messages = [];
    const payloads = [];
    let bytes = 0;
    call.on('data', ({ message = '', payload = EMPTY }) => {
      messages.push(message);
      payloads.push(payload);
      bytes += Buffer.byteLength(message) + payload.length;
    });
    call.on('end', () => {
      const count = messages.length;
      callback(null, { message: messages.join(''), payload: Buffer.concat(payloads), count, bytes });
    });
  },

  Chat: (call) => {
    call.on('data', (request) => {
      if (!call.write(reply(request))) {
        call.pause();
        call.once('drain', () => call.resume());
      }
    });
    call.on('end', () => call.end());
  },
};

const server = new grpc.Server({ 'grpc.max_receive_message_length': MAX_MESSAGE });
server.addService(Echo.service, handlers);
server.bindAsync(`unix:${process.argv[2]}`, grpc.ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
});
