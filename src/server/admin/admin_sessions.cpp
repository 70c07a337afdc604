#include "server/admin/admin_sessions.hpp"

#include <openssl/crypto.h>

#include <algorithm>

#include "base/random.hpp"

namespace signalbox::server::admin {
namespace {

constexpr std::size_t kTokenBytes = 32;

// In the same time whatever is equal.
bool same(const Digest& a, const Digest& b) {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

std::expected<std::string, AdminSessions::Refusal> AdminSessions::login(std::string_view key, TimePoint now) {
  while (!wrong_.empty() && now - wrong_.front() >= kWrongKeysWithin) wrong_.pop_front();
  if (wrong_.size() >= kWrongKeys) {
    const auto wait = std::chrono::ceil<Milliseconds>(wrong_.front() + kWrongKeysWithin - now);
    return std::unexpected(Refusal{.wait = wait});
  }
  if (!same(sha256(key), key_)) {
    wrong_.push_back(now);
    return std::unexpected(Refusal{});
  }
  drop_old(now);
  if (sessions_.size() == kMost) sessions_.pop_front();
  std::string token = random_id(kTokenBytes);
  sessions_.push_back({sha256(token), now + kLast});
  return token;
}

bool AdminSessions::knows(std::string_view token, TimePoint now) {
  drop_old(now);
  if (token.empty()) return false;
  const Digest digest = sha256(token);
  return std::ranges::any_of(sessions_, [&digest](const Session& one) { return same(one.digest, digest); });
}

void AdminSessions::logout(std::string_view token) {
  const Digest digest = sha256(token);
  std::erase_if(sessions_, [&digest](const Session& one) { return same(one.digest, digest); });
}

void AdminSessions::drop_old(TimePoint now) {
  while (!sessions_.empty() && sessions_.front().ends <= now) sessions_.pop_front();
}

}  // namespace signalbox::server::admin
