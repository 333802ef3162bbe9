// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/retry/attempts.h"

#include "grpc/grpc.h"
#include "grpc/grpc_security.h"
#include "grpcpp/security/credentials.h"

namespace udsecho::client {
namespace {

struct OfACall {
  std::shared_ptr<Attempts::All> all;
  std::atomic<int> attempts = 0;
};

// Of grpc_metadata_credentials_plugin: gives no metadata, at once.
int Count(void* state, grpc_auth_metadata_context /*context*/,
          grpc_credentials_plugin_metadata_cb /*done*/, void* /*user_data*/,
          grpc_metadata* /*metadata*/, size_t* count, grpc_status_code* status,
          const char** /*error*/) {
  auto* const call = static_cast<OfACall*>(state);
  *count = 0;
  *status = GRPC_STATUS_OK;
  const int attempt = ++call->attempts;
  if (attempt > 1) {
    ++call->all->again;
    if (call->all->tell) call->all->tell(attempt);
  }
  return 1;
}

// grpc::MetadataCredentialsFromPlugin() is in the library with TLS alone; this is the same for a
// connection without.
class CountingCredentials final : public grpc::CallCredentials {
 public:
  explicit CountingCredentials(std::shared_ptr<Attempts::All> all) : all_(std::move(all)) {}

  bool ApplyToCall(grpc_call* call) override {
    grpc_metadata_credentials_plugin plugin = {};
    plugin.get_metadata = &Count;
    plugin.destroy = [](void* state) { delete static_cast<OfACall*>(state); };
    plugin.state = new OfACall{all_};
    plugin.type = "udsecho-attempts";
    grpc_call_credentials* const credentials =
        grpc_metadata_credentials_create_from_plugin(plugin, GRPC_SECURITY_NONE, nullptr);
    const grpc_call_error error = grpc_call_set_credentials(call, credentials);
    grpc_call_credentials_release(credentials);
    return error == GRPC_CALL_OK;
  }

 private:
  grpc::SecureCallCredentials* AsSecureCredentials() override { return nullptr; }

  const std::shared_ptr<Attempts::All> all_;
};

}  // namespace

void Attempts::Watch(grpc::ClientContext* context) const {
  context->set_credentials(std::make_shared<CountingCredentials>(all_));
}

}  // namespace udsecho::client
