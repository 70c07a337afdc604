#include "cluster/tunnels.hpp"

#include "reactor/socket_pair.hpp"

namespace signalbox::cluster {
namespace {

constexpr int kPieces = 64;  ///< of one connection a turn, so that others have theirs
constexpr std::string_view kUnknownSid =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: 41\r\nConnection: close\r\n\r\n"
    R"({"code":1,"message":"Session ID unknown"})";
constexpr std::string_view kOverloaded =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

TunnelSide other(TunnelSide side) {
  return side == TunnelSide::entry ? TunnelSide::owner : TunnelSide::entry;
}

}  // namespace

struct Tunnels::Tunnel {
  template <class... End>
  Tunnel(std::uint32_t at, Name named, Counted its_place, End&&... with)
      : key(at), name(std::move(named)), place(std::move(its_place)), end(std::forward<End>(with)...) {}

  const std::uint32_t key;
  const Name name;
  const Counted place;
  TunnelEnd end;
  Step step = Step::open;
  std::uint32_t said = 0, heard = 0;  ///< messages
  std::uint32_t heard_before = 0;     ///< when the entry last looked whether anything comes
  bool end_said = false;
  bool touched = false;
  TimePoint deadline = kNever;

  bool is_entry() const { return name.ours == Side::entry; }
  bool carries() const { return step == Step::opening || step == Step::open; }
};

/// What is shared with another node.
struct Tunnels::Node {
  std::uint64_t last_opened = 0;                                        ///< by that node
  std::array<std::unordered_map<std::uint64_t, Tunnel*>, 2> tunnels{};  ///< by our side and their number
};

Tunnels::Tunnels(redis::ClientThread& thread, Bus& bus, Server server, const TunnelOptions& options)
    : thread_(thread),
      loop_(thread.loop()),
      part_(thread.add(*this)),
      bus_(bus),
      server_(std::move(server)),
      options_(options),
      budget_{.left = options.budget},
      piece_(std::make_unique<char[]>(Message::kMostBytes)) {}

Tunnels::~Tunnels() = default;

// ---- A client of ours

void Tunnels::carry(std::string tag, Kind kind, Client client) {
  (kind == Kind::request ? requests_ : upgrades_).fetch_add(1, std::memory_order_relaxed);
  // A thread that has stopped drops the task, and the connection with it.
  static_cast<void>(thread_.post(
      [this, tag = std::move(tag), client = std::move(client)]() mutable { open(tag, std::move(client)); }));
}

void Tunnels::open(const std::string& tag, Client client) {
  Tunnel& tunnel = add({tag, Side::entry, ++last_number_}, std::move(client.stream), std::move(client.place),
                       std::move(client.bytes));
  tunnel.step = Step::opening;
  set_deadline(tunnel, loop_.now() + options_.open_time);
  say(tunnel, {.kind = Message::Kind::open, .peer = client.peer, .bytes = tunnel.end.next_piece(piece())});
  pump(tunnel);
}

// ---- A session of ours

// Numbers rise, so that a message that comes twice opens nothing again: it might carry a POST.
void Tunnels::serve(std::string_view from_tag, const Message& message) {
  if (Tunnel* known = find(Side::owner, from_tag, message.tunnel)) return break_off(*known);
  const auto node = nodes_.find(from_tag);
  const bool again = node != nodes_.end() && message.tunnel <= node->second.last_opened;
  auto place = again || message.number != 0 ? std::nullopt : server_.place();
  auto both = place ? reactor::socket_pair() : std::nullopt;
  const Name name{std::string(from_tag), Side::owner, message.tunnel};
  if (!both) return say_closed(name);
  Tunnel& tunnel = add(name, reactor::Stream(std::move(both->first)), std::move(*place), {});
  nodes_.find(from_tag)->second.last_opened = message.tunnel;
  tunnel.heard = 1;
  say(tunnel, {.kind = Message::Kind::opened});
  server_.adopt(reactor::Stream(std::move(both->second)), message.peer);
  if (!tunnel.end.put(message.bytes)) return break_off(tunnel);
  touch(tunnel);
}

// ---- Messages

void Tunnels::on_message(std::string_view from_tag, std::string_view bytes) {
  const auto message = read_tunnel_message(bytes);
  if (!message) return bad_.write("a node's message is refused", {{"why", std::string(message.error())}});
  if (message->kind == Message::Kind::open) return serve(from_tag, *message);
  const Side ours = other(message->from);
  Tunnel* tunnel = find(ours, from_tag, message->tunnel);
  const bool closes = message->kind == Message::Kind::close;
  if (tunnel) return closes ? cut(*tunnel, kOverloaded) : take(*tunnel, *message);
  if (!closes) say_closed({std::string(from_tag), ours, message->tunnel});
}

void Tunnels::take(Tunnel& tunnel, const Message& message) {
  const bool in_order = message.number == tunnel.heard++;
  const bool opens = message.kind == Message::Kind::opened;
  if (!in_order || opens != (tunnel.step == Step::opening)) return break_off(tunnel);
  switch (message.kind) {
    case Message::Kind::opened:
      tunnel.step = Step::open;
      return set_deadline(tunnel, loop_.now() + options_.probe_time);
    case Message::Kind::data:
      return tunnel.end.put(message.bytes) ? touch(tunnel) : break_off(tunnel);
    case Message::Kind::taken:
      return tunnel.end.confirm(message.taken) ? pump(tunnel) : break_off(tunnel);
    case Message::Kind::end:
      if (tunnel.is_entry()) return finish(tunnel);
      tunnel.end.put_end();
      return touch(tunnel);
    default:
      return break_off(tunnel);
  }
}

void Tunnels::say(Tunnel& tunnel, Message message) {
  message.from = tunnel.name.ours;
  message.tunnel = tunnel.name.number;
  message.number = tunnel.said++;
  bus_.send(tunnel.name.tag, write_tunnel_message(message));
}

void Tunnels::say_closed(const Name& name) {
  bus_.send(name.tag, write_tunnel_message({.kind = Message::Kind::close, .from = name.ours, .tunnel = name.number}));
}

// Others are not looked at: whoever makes up a session's id names a node that nobody is.
void Tunnels::on_node_gone(std::string_view tag) {
  const auto node = nodes_.find(tag);
  if (node == nodes_.end()) return;
  std::vector<Tunnel*> its;
  for (const auto& of_side : node->second.tunnels)
    for (const auto& [number, tunnel] : of_side) its.push_back(tunnel);
  for (Tunnel* tunnel : its) cut(*tunnel, kUnknownSid);
  nodes_.erase(node);
}

void Tunnels::on_bus_lost() {
  for (Tunnel* tunnel : all_carrying()) {
    lost_.push_back(tunnel->name);
    cut(*tunnel, kUnknownSid);
  }
}

void Tunnels::on_bus_up() {
  for (const Name& name : std::exchange(lost_, {})) say_closed(name);
}

void Tunnels::close_all() {
  for (Tunnel* tunnel : all_carrying()) {
    say_closed(tunnel->name);
    cut(*tunnel, kOverloaded);
  }
}

// ---- Ends

// The owner has said all.
void Tunnels::finish(Tunnel& tunnel) {
  forget(tunnel);
  tunnel.step = Step::finishing;
  tunnel.end.set_input(TunnelEnd::Input::left);
  tunnel.end.put_end();
  set_deadline(tunnel, loop_.now() + options_.write_time);
  touch(tunnel);
}

// The tunnel is over, though the owner has not said all. A client that has heard nothing yet gets an answer.
void Tunnels::cut(Tunnel& tunnel, std::string_view answer) {
  if (tunnel.step != Step::opening) return erase(tunnel);
  static_cast<void>(tunnel.end.put(answer));
  finish(tunnel);
}

void Tunnels::break_off(Tunnel& tunnel) {
  broken_.fetch_add(1, std::memory_order_relaxed);
  say_closed(tunnel.name);
  cut(tunnel, kUnknownSid);
}

// The connection has gone.
void Tunnels::lose(Tunnel& tunnel) {
  if (tunnel.carries()) say_closed(tunnel.name);
  erase(tunnel);
}

// ---- Connections

void Tunnels::on_event(const reactor::KernelEvent& event) {
  Tunnel* tunnel = find(static_cast<std::uint32_t>(event.token));
  if (!tunnel) return;
  if (event.broken && tunnel->is_entry()) return lose(*tunnel);
  if (event.writable || event.broken) tunnel->end.on_writable();
  if (event.broken) {
    tunnel->end.on_hung_up();
    set_deadline(*tunnel, loop_.now() + options_.write_time);
  }
  event.readable || event.broken ? pump(*tunnel) : touch(*tunnel);
}

void Tunnels::pump(Tunnel& tunnel) {
  for (int i = 0; i < kPieces; ++i) {
    const std::string_view bytes = tunnel.end.next_piece(piece());
    if (bytes.empty()) break;
    if (tunnel.carries()) say(tunnel, {.kind = Message::Kind::data, .bytes = bytes});
  }
  tunnel.end.has_ended() ? on_connection_ended(tunnel) : touch(tunnel);
}

// A client may send no more and still wait: the server decides what that means. The server reads nothing behind the end
// of what it says.
void Tunnels::on_connection_ended(Tunnel& tunnel) {
  const bool entry = tunnel.is_entry();
  if (entry && (tunnel.end.is_broken() || !tunnel.carries())) return lose(tunnel);
  if (!std::exchange(tunnel.end_said, true)) say(tunnel, {.kind = Message::Kind::end});
  entry ? touch(tunnel) : erase(tunnel);
}

void Tunnels::flush() {
  for (const std::uint32_t key : std::exchange(touched_, {})) {
    Tunnel* tunnel = find(key);
    if (!tunnel) continue;
    tunnel->touched = false;
    tunnel->end.flush();
    settle(*tunnel);
  }
}

void Tunnels::settle(Tunnel& tunnel) {
  TunnelEnd& end = tunnel.end;
  if (end.is_deaf() && tunnel.is_entry()) return lose(tunnel);
  if (const std::uint32_t taken = tunnel.carries() ? end.take_taken() : 0)
    say(tunnel, {.kind = Message::Kind::taken, .taken = taken});
  if (tunnel.step == Step::finishing && end.has_passed_end()) {
    if (end.has_ended()) return erase(tunnel);
    tunnel.step = Step::lingering;
    end.set_input(TunnelEnd::Input::thrown_away);
    set_deadline(tunnel, loop_.now() + options_.linger);
  }
  if (!end.watch()) return lose(tunnel);
  if (end.holds_input()) unread_.push_back(tunnel.key);
}

void Tunnels::on_timer() {
  while (!deadlines_.empty() && deadlines_.begin()->first <= loop_.now())
    on_deadline(*find(deadlines_.begin()->second));
  for (const std::uint32_t key : std::exchange(unread_, {}))
    if (Tunnel* tunnel = find(key)) pump(*tunnel);
}

// Of a message that was lost the next one tells, but for the last. A word that changes nothing asks for it: whoever
// does not know the tunnel says so.
void Tunnels::on_deadline(Tunnel& tunnel) {
  if (tunnel.step == Step::opening) return break_off(tunnel);
  if (tunnel.step != Step::open || !tunnel.is_entry()) return lose(tunnel);
  if (std::exchange(tunnel.heard_before, tunnel.heard) == tunnel.heard) say(tunnel, {.kind = Message::Kind::taken});
  set_deadline(tunnel, loop_.now() + options_.probe_time);
}

TimePoint Tunnels::next_deadline() const {
  if (!unread_.empty()) return TimePoint::min();
  return deadlines_.empty() ? kNever : deadlines_.begin()->first;
}

// ---- The table

Tunnels::Tunnel& Tunnels::add(Name name, reactor::Stream stream, Counted place, std::string bytes) {
  std::uint32_t key = ++last_key_;
  while (tunnels_.contains(key)) key = ++last_key_;  // an old WebSocket's, when they have come round
  auto made = std::make_unique<Tunnel>(key, std::move(name), std::move(place), loop_.kernel(), part_ << 32 | key,
                                       std::move(stream), std::move(bytes), options_.windows, budget_);
  Tunnel& tunnel = *made;
  const auto side = std::to_underlying(tunnel.name.ours);
  tunnels_.emplace(key, std::move(made));
  nodes_[tunnel.name.tag].tunnels[side][tunnel.name.number] = &tunnel;
  open_[side].fetch_add(1, std::memory_order_relaxed);
  return tunnel;
}

Tunnels::Tunnel* Tunnels::find(std::uint32_t key) const {
  const auto found = tunnels_.find(key);
  return found == tunnels_.end() ? nullptr : found->second.get();
}

Tunnels::Tunnel* Tunnels::find(Side side, std::string_view tag, std::uint64_t number) const {
  const auto node = nodes_.find(tag);
  if (node == nodes_.end()) return nullptr;
  const auto& of_side = node->second.tunnels[std::to_underlying(side)];
  const auto found = of_side.find(number);
  return found == of_side.end() ? nullptr : found->second;
}

std::vector<Tunnels::Tunnel*> Tunnels::all_carrying() const {
  std::vector<Tunnel*> all;
  for (const auto& [key, tunnel] : tunnels_)
    if (tunnel->carries()) all.push_back(tunnel.get());
  return all;
}

// Messages of it mean nothing any more.
void Tunnels::forget(Tunnel& tunnel) {
  const auto side = std::to_underlying(tunnel.name.ours);
  nodes_.find(tunnel.name.tag)->second.tunnels[side].erase(tunnel.name.number);
  open_[side].fetch_sub(1, std::memory_order_relaxed);
}

void Tunnels::erase(Tunnel& tunnel) {
  if (tunnel.carries()) forget(tunnel);
  set_deadline(tunnel, kNever);
  tunnels_.erase(tunnel.key);
}

void Tunnels::touch(Tunnel& tunnel) {
  if (!std::exchange(tunnel.touched, true)) touched_.push_back(tunnel.key);
}

void Tunnels::set_deadline(Tunnel& tunnel, TimePoint deadline) {
  deadlines_.erase({tunnel.deadline, tunnel.key});
  tunnel.deadline = deadline;
  if (deadline != kNever) deadlines_.insert({deadline, tunnel.key});
}

Tunnels::Counters Tunnels::counters() const {
  const auto open = [this](Side side) { return open_[std::to_underlying(side)].load(std::memory_order_relaxed); };
  return {.requests = requests_.load(std::memory_order_relaxed),
          .upgrades = upgrades_.load(std::memory_order_relaxed),
          .entries = open(Side::entry),
          .owned = open(Side::owner),
          .broken = broken_.load(std::memory_order_relaxed)};
}

}  // namespace signalbox::cluster
