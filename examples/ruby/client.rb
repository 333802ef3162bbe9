# SPDX-License-Identifier: Apache-2.0
# Copyright The udsecho Authors

# A client of the Echo service on a Unix socket: ruby -I lib client.rb unix:///tmp/sock1
# One line a feature, "ok NAME" or "failed NAME: WHY".

require 'google/protobuf/well_known_types'
require 'google/rpc/error_details_pb'
require 'grpc'
require 'grpc/google_rpc_status_utils'
require 'grpc/health/v1/health_services_pb'
require 'udsecho/v1/echo_services_pb'

include Udsecho::V1

def expect(actual, expected)
  raise "#{actual.inspect} instead of #{expected.inspect}" unless actual == expected
end

def failure
  yield
  raise 'no error'
rescue GRPC::BadStatus => e
  e
end

FEATURES = {
  # One message there, one back.
  echo: lambda { |stub, _|
    payload = "\x00\xff".b
    response = stub.echo(EchoRequest.new(message: 'hi', payload: payload))
    expect([response.message, response.payload], ['hi', payload])
  },

  # One message there, many back: its words.
  expand: lambda { |stub, _|
    responses = stub.expand(ExpandRequest.new(message: 'one two three'))
    expect(responses.map(&:message), %w[one two three])
  },

  # Many messages there, one back.
  collect: lambda { |stub, _|
    response = stub.collect(%w[one two].map { |message| EchoRequest.new(message: message) })
    expect([response.message, response.count], ['onetwo', 2])
  },

  # Messages in both directions.
  chat: lambda { |stub, _|
    responses = stub.chat(%w[one two].map { |message| EchoRequest.new(message: message) })
    expect(responses.map(&:message), %w[one two])
  },

  # Metadata comes back: before the response as text, after it as bytes.
  metadata: lambda { |stub, _|
    sent = { 'x-grpc-test-echo-initial' => 'first',
             'x-grpc-test-echo-trailing-bin' => "\x00\xff".b }
    call = stub.echo(EchoRequest.new, metadata: sent, return_op: true)
    call.execute
    expect(call.metadata['x-grpc-test-echo-initial'], 'first')
    expect(call.trailing_metadata['x-grpc-test-echo-trailing-bin'].b, "\x00\xff".b)
  },

  # A status other than OK, with details.
  fault: lambda { |stub, _|
    info = Google::Rpc::ErrorInfo.new(reason: 'NO_SUCH_THING', domain: 'udsecho')
    fault = Fault.new(code: GRPC::Core::StatusCodes::NOT_FOUND, message: '50 % gone: ü',
                      details: [Google::Protobuf::Any.pack(info)])
    error = failure { stub.echo(EchoRequest.new(fault: fault)) }
    expect([error.code, error.details.force_encoding('UTF-8')],
           [GRPC::Core::StatusCodes::NOT_FOUND, '50 % gone: ü'])
    detail = error.to_rpc_status.details.first.unpack(Google::Rpc::ErrorInfo)
    expect(detail.reason, 'NO_SUCH_THING')
  },

  # A call that takes longer than its caller has time for.
  deadline: lambda { |stub, _|
    request = EchoRequest.new(delay: Google::Protobuf::Duration.new(seconds: 60))
    error = failure { stub.echo(request, deadline: Time.now + 0.1) }
    expect(error.code, GRPC::Core::StatusCodes::DEADLINE_EXCEEDED)
  },

  health: lambda { |_, health|
    request = Grpc::Health::V1::HealthCheckRequest.new(service: 'udsecho.v1.Echo')
    expect(health.check(request).status, :SERVING)
  },

  # What the server sees of this process.
  whoami: lambda { |stub, _|
    me = stub.who_am_i(WhoAmIRequest.new)
    expect(me.uid, Process.uid)
    puts "# authority: #{me.authority}"
  }
}.freeze

abort 'usage: ruby -I lib client.rb unix:///ABSOLUTE/PATH' unless ARGV.length == 1

# Without a deadline a call may wait for ever.
options = { timeout: 10 }
stub = Echo::Stub.new(ARGV[0], :this_channel_is_insecure, **options)
health = Grpc::Health::V1::Health::Stub.new(ARGV[0], :this_channel_is_insecure, **options)
failed = FEATURES.reject do |name, feature|
  feature.call(stub, health)
  puts "ok #{name}"
  true
rescue StandardError => e
  puts "failed #{name}: #{e.message}"
end
exit failed.empty?
