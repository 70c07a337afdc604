#include "users/online_pages.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/json_write.hpp"

namespace signalbox::users {
namespace {

constexpr std::size_t kUsersATask = 250;
constexpr std::size_t kPagesAtOnce = 4;
constexpr std::size_t kUsersAtOnce = OnlinePages::kMost;  ///< in the pages that are read together
constexpr std::size_t kFoundBeforeSort = 1000;            ///< a merge moves all that were found before

}  // namespace

void append_online(std::string& out, std::size_t count, std::span<const std::string> users, std::size_t most) {
  constexpr std::size_t kClosing = 2;
  const std::size_t begin = out.size();
  (out.append(R"({"count":)") += std::to_string(count)).append(R"(,"users":[)");
  for (const std::string& user : users) {
    const std::size_t before = out.size();
    if (&user != users.data()) out += ',';
    append_json_string(out, user);
    if (&user == users.data() || out.size() + kClosing - begin <= most) continue;
    out.resize(before);
    break;
  }
  out += "]}";
}

OnlinePages::OnlinePages(Directory& directory) : directory_(directory), readers_(directory.mailboxes().shards()) {}

void OnlinePages::ask(unsigned shard, std::string after, std::size_t limit, Then then) {
  Reader& reader = readers_[shard];
  reader.waiting.push_back({.after = std::move(after), .limit = limit, .then = std::move(then)});
  if (!reader.reading.empty()) return;
  begin(reader);
  go_on(shard);
}

void OnlinePages::begin(Reader& reader) {
  reader.walk = {};
  for (std::size_t users = 0; !reader.waiting.empty() && reader.reading.size() < kPagesAtOnce;) {
    users += reader.waiting.front().limit;
    if (!reader.reading.empty() && users > kUsersAtOnce) return;
    reader.reading.push_back(std::move(reader.waiting.front()));
    reader.waiting.pop_front();
  }
}

void OnlinePages::read_piece(Reader& reader) {
  const auto take = [&reader](const std::string& user) {
    for (Page& page : reader.reading) page.take(user);
  };
  for (std::size_t looked = 0; looked < kUsersATask && !reader.walk.over();)
    looked += directory_.presence.walk(reader.walk, take);
  for (Page& page : reader.reading) {
    if (page.found.size() >= kFoundBeforeSort) page.settle();
  }
}

// One page is answered in a task: ten thousand users are much to write.
void OnlinePages::go_on(unsigned shard) {
  Reader& reader = readers_[shard];
  read_piece(reader);
  if (!reader.walk.over()) return later(shard);
  Page page = std::move(reader.reading.front());
  reader.reading.erase(reader.reading.begin());
  if (reader.reading.empty()) begin(reader);
  if (!reader.reading.empty()) later(shard);
  page.settle();
  page.then(page.users);  // which may ask again
}

void OnlinePages::later(unsigned shard) {
  // Refused only by shards that have stopped.
  static_cast<void>(directory_.mailboxes().post(shard, Message::run([this, shard] { go_on(shard); })));
}

void OnlinePages::Page::take(const std::string& user) {
  if (user <= after || (users.size() == limit && user >= users.back())) return;
  found.push_back(user);
}

void OnlinePages::Page::settle() {
  std::ranges::sort(found);
  const auto before = static_cast<std::ptrdiff_t>(users.size());
  users.insert(users.end(), std::move_iterator(found.begin()), std::move_iterator(found.end()));
  std::inplace_merge(users.begin(), users.begin() + before, users.end());
  if (users.size() > limit) users.resize(limit);
  found.clear();
}

}  // namespace signalbox::users
