#include "users/job_page.hpp"

#include <gtest/gtest.h>

#include "users/encode.hpp"
#include "users/job_ledger.hpp"

namespace signalbox::users::test {
namespace {

using Ids = std::vector<std::string>;

/// A user with jobs "1", "2" …, all ended, of 1 KB each.
struct Pages : testing::Test {
  void end(const std::string& job, std::size_t bytes = 1000) {
    keep(job_frame(JobCompleted{job, std::string(bytes, 'x')}, {}));
  }
  void run(const std::string& job) { keep(job_frame(JobProgress{.job_id = job, .progress = 1}, {})); }
  void keep(FrameResult event) {
    std::vector<UserJobs::Gone> gone;
    jobs.keep(HashedText(event->job_id()), event->frame, 1, gone);
  }
  static Ids ids(const JobPage& page) {
    Ids out;
    for (const JobEntry& job : page.jobs) out.emplace_back(job.frame->key());
    return out;
  }
  LedgerOptions options;
  UnreadMemory unread;
  LedgerMemory memory{.unread = &unread};
  UserJobs jobs{options, memory, 0};
};

TEST_F(Pages, show_of_several_arguments_the_first) {
  keep(event_frame_of_arguments("job_completed", R"([{"jobId":"1"},2,[3]])", {}));
  EXPECT_EQ(status_of(jobs.page({}).jobs.at(0)).data, R"({"jobId":"1"})");
}

TEST_F(Pages, of_few_jobs_there_is_one_in_the_order_of_their_newest_events) {
  run("a");
  end("b");
  run("c");
  run("a");
  const JobPage page = jobs.page({});
  EXPECT_EQ(ids(page), (Ids{"b", "c", "a"}));
  EXPECT_EQ(page.next, 0u);
}

TEST_F(Pages, one_after_the_other_have_each_job_once) {
  for (int i = 1; i <= 7; ++i) end(std::to_string(i));
  Ids all;
  std::vector<std::size_t> sizes;
  JobQuery query{.limit = 3};
  do {
    const JobPage page = jobs.page(query);
    for (const std::string& id : ids(page)) all.push_back(id);
    sizes.push_back(page.jobs.size());
    query.after = page.next;
  } while (query.after != 0);
  EXPECT_EQ(all, (Ids{"1", "2", "3", "4", "5", "6", "7"}));
  EXPECT_EQ(sizes, (std::vector<std::size_t>{3, 3, 1}));
}

TEST_F(Pages, a_job_that_goes_on_meanwhile_is_on_a_later_page) {
  for (const char* job : {"1", "2", "3"}) run(job);
  const JobPage first = jobs.page({.limit = 1});
  run("1");
  run("2");
  EXPECT_EQ(ids(jobs.page({.after = first.next})), (Ids{"3", "1", "2"}));
}

TEST_F(Pages, hold_no_more_json_than_they_may_but_one_job) {
  for (int i = 1; i <= 9; ++i) end(std::to_string(i));
  end("large", 50'000);
  for (const std::size_t most : {1, 1000, 5000, 20'000}) {
    std::size_t seen = 0;
    for (JobQuery query{.bytes = most};;) {
      const JobPage page = jobs.page(query);
      std::string json;
      append_jobs(json, page);
      EXPECT_TRUE(json.size() <= most || page.jobs.size() == 1) << json.size();
      EXPECT_LE(json.size(), json_bytes_at_most(page));
      seen += page.jobs.size();
      if (page.next == 0) break;
      query.after = page.next;
    }
    EXPECT_EQ(seen, 10u);
  }
}

TEST_F(Pages, the_bound_of_their_json_holds_for_ids_of_which_each_byte_is_escaped) {
  end(std::string(200, '\x01'), 0);
  const JobPage page = jobs.page({});
  std::string json;
  append_jobs(json, page);
  EXPECT_LE(json.size(), json_bytes_at_most(page));
}

TEST_F(Pages, one_job_may_be_asked_for_by_its_id) {
  end("1");
  end("2");
  EXPECT_EQ(ids(jobs.page({.job_id = "2"})), Ids{"2"});
  EXPECT_EQ(job_json(jobs.page({.job_id = "3"}), "3"), unknown_job_json("3"));
}

}  // namespace
}  // namespace signalbox::users::test
