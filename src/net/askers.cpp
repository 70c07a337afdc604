#include "net/askers.hpp"

namespace signalbox::net {

void Askers::answer(const RequestId& id, Response response) {
  const auto found = waiting_.find(key_of(id));
  if (found == waiting_.end()) return;
  Asker& asker = found->second;
  HttpAnswer answer{.status = response.status, .fields = std::move(asker.fields), .body = std::move(response.body)};
  for (auto& field : response.fields) answer.fields.push_back(std::move(field));
  answered_.emplace_back(std::move(asker.reply), std::move(answer));
  waiting_.erase(found);
}

void Askers::forget(const RequestId& id) {
  const auto found = waiting_.find(key_of(id));
  if (found == waiting_.end()) return;
  found->second.reply.drop();
  waiting_.erase(found);
}

void Askers::tell() {
  for (auto& [reply, answer] : std::exchange(answered_, {})) std::move(reply)(std::move(answer));
}

void Askers::close() {
  tell();
  std::exchange(waiting_, {}).clear();
}

}  // namespace signalbox::net
