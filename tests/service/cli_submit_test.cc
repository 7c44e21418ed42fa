// Sending a list: every row gets its result, also over a stream that breaks in the middle.
#include "services/cli/commands/submit.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "services/cli/commands/command_line.h"

namespace lingkaran::cli {
namespace {

using registry::v1::SubmitCandidatesRequest;
using registry::v1::SubmitCandidatesResponse;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Stream = grpc::ServerReaderWriter<SubmitCandidatesResponse, SubmitCandidatesRequest>;

// A registry that takes rows whose NIK is even and breaks streams when told to.
class FakeRegistry : public registry::v1::RegistryService::Service {
 public:
  grpc::Status CreateBatch(grpc::ServerContext*, const registry::v1::CreateBatchRequest* request,
                           registry::v1::CreateBatchResponse* response) override {
    const std::lock_guard lock(mutex_);
    ++seen_.batches;
    batch_.set_batch_id(7);
    batch_.set_agency_id(request->agency_id());
    batch_.set_declared_rows(request->declared_rows());
    *response->mutable_batch() = batch_;
    return grpc::Status::OK;
  }

  grpc::Status GetBatch(grpc::ServerContext*, const registry::v1::GetBatchRequest*,
                        registry::v1::GetBatchResponse* response) override {
    const std::lock_guard lock(mutex_);
    *response->mutable_batch() = batch_;
    return grpc::Status::OK;
  }

  grpc::Status SubmitCandidates(grpc::ServerContext*, Stream* stream) override {
    const std::lock_guard lock(mutex_);
    SubmitCandidatesRequest request;
    for (int chunks = 0; stream->Read(&request); ++chunks) {
      if (chunks == break_after_) {
        break_after_ = -1;
        return break_with_;
      }
      seen_.chunks.push_back(request.chunk_number());
      seen_.complete = request.complete();
      SubmitCandidatesResponse response;
      response.set_chunk_number(request.chunk_number());
      for (const registry::v1::CandidateRow& row : request.rows()) Judge(row, response);
      *response.mutable_batch() = batch_;
      stream->Write(response);
    }
    return grpc::Status::OK;
  }

  void BreakAfter(int chunks, grpc::Status status) {
    break_after_ = chunks;
    break_with_ = std::move(status);
  }
  // What came so far.
  struct Seen {
    std::vector<int> chunks;
    int batches = 0;
    bool complete = false;
  };
  Seen seen() {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  void Judge(const registry::v1::CandidateRow& row, SubmitCandidatesResponse& response) {
    registry::v1::RowResult* result = response.add_results();
    result->set_line_number(row.line_number());
    if ((row.nik().back() - '0') % 2 == 0) {
      result->set_status(registry::v1::ROW_STATUS_ACCEPTED);
      batch_.set_accepted_rows(batch_.accepted_rows() + 1);
      return;
    }
    result->set_status(registry::v1::ROW_STATUS_REJECTED);
    batch_.set_rejected_rows(batch_.rejected_rows() + 1);
    registry::v1::Finding* finding = result->add_findings();
    finding->set_code(registry::v1::FINDING_CODE_NIK_IMPOSSIBLE);
    finding->set_severity(registry::v1::SEVERITY_ERROR);
    finding->set_message("NIK ganjil.");
    finding->set_hint("Genapkan.");
  }

  std::mutex mutex_;
  registry::v1::Batch batch_;
  Seen seen_;
  int break_after_ = -1;
  grpc::Status break_with_;
};

class SubmitTest : public ::testing::Test {
 protected:
  SubmitTest() {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&registry_);
    server_ = builder.BuildAndStart();
    address_ = absl::StrCat("127.0.0.1:", port);
    dir_ = ::testing::TempDir() + "/cli_submit_test";
    std::filesystem::create_directories(dir_);
  }
  ~SubmitTest() override {
    server_->Shutdown();
    std::filesystem::remove_all(dir_);
  }

  // A list of `rows` people whose NIKs end in 0, 1, 2, ...
  std::string WriteList(int rows) {
    const std::string path = dir_ + "/daftar.csv";
    std::ofstream out(path);
    out << "No;NIK;Nama\r\n";
    for (int i = 0; i < rows; ++i) out << i << ';' << 3372010101700000 + i << ";a" << i << "\r\n";
    return path;
  }

  int Run(std::vector<std::string> args) {
    args.insert(args.begin(), {"lingkaran", "--registry", address_, "--actor", "x;role=agency",
                               "batch", "submit"});
    std::vector<const char*> argv;
    for (const std::string& arg : args) argv.push_back(arg.c_str());
    out_.str("");
    err_.str("");
    return RunCommandLine(static_cast<int>(argv.size()), argv.data(), out_, err_);
  }

  FakeRegistry registry_;
  std::unique_ptr<grpc::Server> server_;
  std::string address_, dir_;
  std::ostringstream out_, err_;
};

TEST_F(SubmitTest, EveryRowIsAnsweredAndRejectsAreWritten) {
  const std::string rejects = dir_ + "/ditolak.csv";
  EXPECT_EQ(Run({WriteList(2500), "--agency", "3", "--declared", "2500", "--rejects", rejects}),
            kYes);
  EXPECT_THAT(registry_.seen().chunks, ElementsAre(1, 2, 3));
  EXPECT_TRUE(registry_.seen().complete);
  EXPECT_THAT(out_.str(), HasSubstr("1.250 baris tidak diterima"));
  const absl::StatusOr<List> list = ReadList(*ReadFileBytes(rejects, 1 << 20));
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_EQ(list->rows.size(), 1250u);
  EXPECT_THAT(list->header, ElementsAre("No", "NIK", "Nama", "alasan", "cara memperbaiki"));
  EXPECT_THAT(list->rows[0].cells,
              ElementsAre("1", "'3372010101700001", "a1", "NIK ganjil.", "Genapkan."));
  EXPECT_EQ(list->rows.back().cells[2], "a2499");
  struct stat info {};
  ASSERT_EQ(stat(rejects.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(SubmitTest, BrokenStreamGoesOnAfterTheLastAcknowledgedChunk) {
  registry_.BreakAfter(1, grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone"));
  EXPECT_EQ(Run({WriteList(2500), "--agency", "3"}), kYes);
  EXPECT_THAT(registry_.seen().chunks, ElementsAre(1, 2, 3));
  EXPECT_EQ(registry_.seen().batches, 1);
  EXPECT_THAT(out_.str(), HasSubstr("1.250 baris tidak diterima"));
}

TEST_F(SubmitTest, RefusalEndsItAndSaysHowToGoOn) {
  registry_.BreakAfter(1, grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, "reviewed"));
  EXPECT_EQ(Run({WriteList(2500), "--agency", "3"}), kRefused);
  EXPECT_THAT(err_.str(), HasSubstr("1000 dari 2500 baris sudah tercatat"));
  EXPECT_THAT(err_.str(), HasSubstr("--batch 7"));
  // The same file again into the same batch: no second batch is made.
  EXPECT_EQ(Run({WriteList(2500), "--batch", "7"}), kYes);
  EXPECT_EQ(registry_.seen().batches, 1);
  EXPECT_THAT(registry_.seen().chunks, ElementsAre(1, 1, 2, 3));
}

TEST_F(SubmitTest, AnotherFileForABegunBatchIsRefused) {
  EXPECT_EQ(Run({WriteList(10), "--agency", "3"}), kYes);
  EXPECT_EQ(Run({WriteList(11), "--batch", "7"}), kBadInput);
  EXPECT_THAT(registry_.seen().chunks, ElementsAre(1));
}

TEST_F(SubmitTest, NothingAcceptedIsANo) {
  const std::string path = dir_ + "/ganjil.csv";
  std::ofstream(path) << "NIK,Nama\n3372010101700001,a\n";
  EXPECT_EQ(Run({path, "--agency", "3"}), kNo);
}

TEST_F(SubmitTest, FaultyFileSendsNothing) {
  const std::string path = dir_ + "/potong.csv";
  std::ofstream(path) << "NIK,Nama\n3372010101700002,a\n33720101017";
  EXPECT_EQ(Run({path, "--agency", "3"}), kBadInput);
  EXPECT_EQ(registry_.seen().batches, 0);
}

}  // namespace
}  // namespace lingkaran::cli
