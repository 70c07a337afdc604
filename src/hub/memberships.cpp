#include "hub/memberships.hpp"

#include <algorithm>
#include <iterator>

#include "base/assert.hpp"
#include "hub/login.hpp"
#include "hub/socket_state.hpp"

namespace signalbox::hub {

Memberships::Memberships() = default;
Memberships::~Memberships() = default;

SocketState* Memberships::find(std::string_view nsp) const {
  for (const auto& socket : sockets_) {
    if (socket->nsp().name == nsp) return socket.get();
  }
  return nullptr;
}

SocketState& Memberships::add(std::unique_ptr<SocketState> socket) {
  return *sockets_.push_back(std::move(socket));
}

std::span<const std::unique_ptr<Login>> Memberships::logins() const {
  if (!passing_) return {};
  return passing_->logins;
}

Login* Memberships::login_to(std::string_view nsp) const {
  for (const auto& login : logins()) {
    if (!login->over() && login->nsp().name == nsp) return login.get();
  }
  return nullptr;
}

Login& Memberships::login_of(const SocketState& socket) const {
  const auto all = logins();
  const auto found = std::ranges::find_if(all, [&](const auto& login) { return login->makes(socket); });
  SB_ASSERT(found != all.end());
  return **found;
}

std::size_t Memberships::logins_under_way() const {
  return static_cast<std::size_t>(std::ranges::count_if(logins(), [](const auto& login) { return !login->over(); }));
}

Login& Memberships::add(std::unique_ptr<Login> login) {
  return *passing().logins.emplace_back(std::move(login));
}

bool Memberships::admitted() const {
  return !sockets_.empty() || std::ranges::any_of(logins(), [](const auto& login) { return login->admitted(); });
}

TimePoint Memberships::next_deadline() const {
  TimePoint next = kNever;
  for (const auto& socket : sockets_) next = std::min(next, socket->next_deadline());
  return next;
}

void Memberships::forget_left() {
  const auto stays = [](const auto& socket) { return !socket->left(); };
  auto* const first = std::stable_partition(sockets_.begin(), sockets_.end(), stays);
  std::move(first, sockets_.end(), std::back_inserter(passing().left));
  sockets_.erase(first, sockets_.end());
}

Memberships::Passing& Memberships::passing() {
  if (!passing_) passing_ = std::make_unique<Passing>();
  return *passing_;
}

void Memberships::clear_passing() {
  passing_->left.clear();
  std::erase_if(passing_->logins, [](const auto& login) { return login->over(); });
  if (passing_->logins.empty()) passing_.reset();
}

}  // namespace signalbox::hub
