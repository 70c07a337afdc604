#include "server/admin/admin_sessions.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <ranges>

#include "base/random.hpp"

namespace signalbox::server::admin {
namespace {

constexpr std::size_t kTokenBytes = 32;

// In the same time whatever is equal.
bool same(const Digest& a, const Digest& b) {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

/// An IPv4 address, or the network of an IPv6 one, all of which one machine may have.
net::PeerAddress source_of(net::PeerAddress address) {
  if (!reactor::is_ipv4(address)) std::fill(address.begin() + 8, address.end(), 0);
  return address;
}

}  // namespace

std::expected<std::string, AdminSessions::Refusal> AdminSessions::login(std::string_view key,
                                                                        const net::PeerAddress& from, TimePoint now) {
  drop_old(now);
  const net::PeerAddress source = source_of(from);
  const Milliseconds wait = wait_of(source, now);
  if (wait.count() != 0) return std::unexpected(Refusal{.wait = wait});
  if (!same(sha256(key), key_)) {
    note_wrong(source, now);
    return std::unexpected(Refusal{});
  }
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
  while (!wrong_.empty() && now - wrong_.front().at >= kWrongKeysWithin) wrong_.pop_front();
}

// Until the first of its last ten is a minute old.
Milliseconds AdminSessions::wait_of(const net::PeerAddress& from, TimePoint now) const {
  std::size_t count = 0;
  for (const WrongKey& one : std::views::reverse(wrong_))
    if (one.from == from && ++count == kWrongKeys)
      return std::chrono::ceil<Milliseconds>(one.at + kWrongKeysWithin - now);
  return Milliseconds(0);
}

void AdminSessions::note_wrong(const net::PeerAddress& from, TimePoint now) {
  if (wrong_.size() == kWrongKeysKept) wrong_.pop_front();
  wrong_.push_back({.from = from, .at = now});
}

}  // namespace signalbox::server::admin
