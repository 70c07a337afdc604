#include "net/carried_requests.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "base/whole_number.hpp"
#include "reactor/socket_pair.hpp"

namespace signalbox::net {
namespace {

using Names = std::initializer_list<std::string_view>;

bool is_one_of(std::string_view name, Names names) {
  return std::ranges::any_of(names, [name](std::string_view one) { return equal_ignoring_case(name, one); });
}

/// As it could have come over a connection, whose last it is.
std::string bytes_of(const RequestHead& head, std::string_view body) {
  std::string out = fmt::format("{} {} HTTP/1.1\r\n", head.method, head.target);
  for (const auto& [name, value] : head.fields)
    if (!is_one_of(name, {"Connection", "Content-Length", "Transfer-Encoding", "Expect"}))
      out += fmt::format("{}: {}\r\n", name, value);
  return out += fmt::format("Content-Length: {}\r\nConnection: close\r\n\r\n{}", body.size(), body);
}

/// An answer as our own servers write it; nothing if it is not whole.
std::optional<Response> read_answer(std::string_view text) {
  constexpr std::string_view kVersion = "HTTP/1.1 ", kEnd = "\r\n\r\n";
  const std::size_t end = text.find(kEnd);
  if (!text.starts_with(kVersion) || end == text.npos) return std::nullopt;
  const auto status = whole_number<unsigned>(text.substr(kVersion.size(), 3));
  Response out{.status = static_cast<int>(status.value_or(0)),
               .fields = {},
               .body = std::string(text.substr(end + kEnd.size()))};
  std::optional<std::size_t> length;
  for (const std::string_view line : split(text.substr(0, end), '\n')) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with(kVersion) || colon == line.npos) continue;
    const std::string_view name = line.substr(0, colon), rest = line.substr(colon + 2);
    const std::string_view value = rest.substr(0, rest.find('\r'));
    if (name == "Content-Length") length = whole_number<std::size_t>(value);
    if (!is_one_of(name, {"Content-Length", "Connection", "Date"})) out.fields.emplace_back(name, value);
  }
  return status && length == out.body.size() ? std::optional(std::move(out)) : std::nullopt;
}

Response later() {
  return {.status = 503, .fields = {{"Retry-After", "2"}}, .body = {}};
}

}  // namespace

void CarriedRequests::carry(std::string tag, const RequestHead& head, const AskedRequest& asked) {
  auto place = shared_.place();
  auto both = place ? reactor::socket_pair() : std::nullopt;
  if (!both || !loop_.kernel().watch(both->first.get(), asked.id.number, reactor::Kernel::kRead))
    return askers_.answer(asked.id, later());
  waiting_.insert_or_assign(asked.id.number, Waiting{asked.id, reactor::Stream(std::move(both->first)), {}});
  shared_.options.other_nodes->carry({.tag = std::move(tag),
                                      .kind = Carried::Kind::request,
                                      .stream = reactor::Stream(std::move(both->second)),
                                      .place = std::move(*place),
                                      .bytes = bytes_of(head, asked.body),
                                      .peer = asked.peer});
}

void CarriedRequests::on_event(const reactor::KernelEvent& event) {
  const auto found = waiting_.find(static_cast<std::uint32_t>(event.token));
  if (event.token >> 32 != 0 || found == waiting_.end()) return;
  Waiting& waiting = found->second;
  std::array<char, 16 * 1024> bytes;
  const long got = waiting.stream.read(loop_.kernel(), bytes);
  if (got == -EAGAIN || got == -EINTR) return;
  if (got > 0) waiting.answer.append(bytes.data(), static_cast<std::size_t>(got));
  if (got > 0 && waiting.answer.size() <= shared_.options.session.total_queue_bytes) return;
  askers_.answer(waiting.id, read_answer(waiting.answer).value_or(later()));
  waiting_.erase(found);
}

}  // namespace signalbox::net
