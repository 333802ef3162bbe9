// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A client of the Echo service on a Unix socket: node client.js unix:///tmp/sock1
// One line a feature, "ok NAME" or "failed NAME: WHY".
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import grpc from '@grpc/grpc-js';
import protoLoader from '@grpc/proto-loader';
import { protoPath as healthProto } from 'grpc-health-check';

const definition = protoLoader.loadSync(['udsecho/v1/echo.proto', healthProto], {
  includeDirs: [fileURLToPath(new URL('../../proto', import.meta.url))],
  defaults: true,
  enums: String,
});
const { udsecho, grpc: { health: healthPackage } } = grpc.loadPackageDefinition(definition);
const { 'google.protobuf.Duration': Duration, 'udsecho.v1.Fault': Fault } = definition;

// Without a deadline a call may wait for ever.
const within = (milliseconds = 10_000) => ({ deadline: Date.now() + milliseconds });

// The code, the message and the metadata of the status that a call ended with.
const failure = (call) => call.then(
  () => assert.fail('no error'),
  (error) => error,
);

function unary(client, method, request, metadata = new grpc.Metadata(), options = within()) {
  return promisify(client[method].bind(client))(request, metadata, options);
}

const features = {
  // One message there, one back.
  async echo({ client }) {
    const payload = Buffer.from([0x00, 0xff]);
    const response = await unary(client, 'echo', { message: 'hi', payload });
    assert.equal(response.message, 'hi');
    assert.deepEqual(response.payload, payload);
  },

  // One message there, many back: its words.
  async expand({ client }) {
    const words = [];
    for await (const response of client.expand({ message: 'one two three' }, within())) {
      words.push(response.message);
    }
    assert.deepEqual(words, ['one', 'two', 'three']);
  },

  // Many messages there, one back.
  async collect({ client }) {
    const response = await new Promise((resolve, reject) => {
      const call = client.collect(
        within(), (error, value) => (error ? reject(error) : resolve(value)));
      call.write({ message: 'one' });
      call.write({ message: 'two' });
      call.end();
    });
    assert.equal(response.message, 'onetwo');
    assert.equal(Number(response.count), 2);
  },

  // Messages in both directions, in turn.
  async chat({ client }) {
    const call = client.chat(within());
    const responses = call[Symbol.asyncIterator]();
    for (const message of ['one', 'two']) {
      call.write({ message });
      assert.equal((await responses.next()).value.message, message);
    }
    call.end();
    assert.equal((await responses.next()).done, true);
  },

  // Metadata comes back: before the response as text, after it as bytes.
  async metadata({ client }) {
    const sent = new grpc.Metadata();
    sent.set('x-grpc-test-echo-initial', 'first');
    sent.set('x-grpc-test-echo-trailing-bin', Buffer.from([0x00, 0xff]));
    const received = {};
    await new Promise((resolve, reject) => {
      const call = client.echo({}, sent, within(), (error) => error && reject(error));
      call.on('metadata', (initial) => { received.initial = initial; });
      call.on('status', ({ metadata }) => { received.trailing = metadata; resolve(); });
    });
    assert.deepEqual(received.initial.get('x-grpc-test-echo-initial'), ['first']);
    assert.deepEqual(
      received.trailing.get('x-grpc-test-echo-trailing-bin'), [Buffer.from([0x00, 0xff])]);
  },

  // A status other than OK, with details: a google.rpc.Status, which has Fault's fields.
  async fault({ client }) {
    const detail = {
      type_url: 'type.googleapis.com/google.protobuf.Duration',
      value: Duration.serialize({ seconds: 7 }),
    };
    const { code, details: message, metadata } = await failure(unary(client, 'echo', {
      fault: { code: grpc.status.NOT_FOUND, message: '50 % gone: ü', details: [detail] },
    }));
    assert.equal(code, grpc.status.NOT_FOUND);
    assert.equal(message, '50 % gone: ü');
    const rich = Fault.deserialize(metadata.get('grpc-status-details-bin')[0]);
    assert.equal(Number(Duration.deserialize(rich.details[0].value).seconds), 7);
  },

  // A call that takes longer than its caller has time for.
  async deadline({ client }) {
    const call = unary(client, 'echo', { delay: { seconds: 60 } }, undefined, within(100));
    assert.equal((await failure(call)).code, grpc.status.DEADLINE_EXCEEDED);
  },

  async health({ healthClient }) {
    const response = await unary(healthClient, 'check', { service: 'udsecho.v1.Echo' });
    assert.equal(response.status, 'SERVING');
  },

  // What the server sees of this process.
  async whoami({ client }) {
    const me = await unary(client, 'whoAmI', {});
    assert.equal(me.uid, process.getuid());
    console.log('# authority:', me.authority);
  },
};

const [target] = process.argv.slice(2);
if (target === undefined) {
  console.error('usage: node client.js unix:///ABSOLUTE/PATH');
  process.exit(2);
}
const client = new udsecho.v1.Echo(target, grpc.credentials.createInsecure());
const healthClient = new healthPackage.v1.Health(target, grpc.credentials.createInsecure());
for (const [name, feature] of Object.entries(features)) {
  try {
    await feature({ client, healthClient });
    console.log('ok', name);
  } catch (error) {
    console.log(`failed ${name}: ${error.message}`);
    process.exitCode = 1;
  }
}
client.close();
healthClient.close();
