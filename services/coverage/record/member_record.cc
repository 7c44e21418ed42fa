#include "services/coverage/record/member_record.h"

#include <cstring>

#include "absl/algorithm/container.h"
#include "services/coverage/record/span_codec.h"

namespace lingkaran::coverage {
namespace {

// The form: version, flags, worker id, NIK hash, number, offset (unless WIB, WITA or WIT), spans
// or (kPlain) days and runs one by one, check sum. Integers are base-128, signed ones zigzag.
constexpr uint8_t kForm = 1;
constexpr uint8_t kOffsetBits = 3;  // 0, 1, 2: UTC+7, +8, +9; 3: the offset follows
constexpr uint8_t kTextNumber = 4;  // length and text instead of the code
constexpr uint8_t kPlain = 8;
constexpr uint8_t kDeath = 16;  // kPlain only, as kWithdrawal
constexpr uint8_t kWithdrawal = 32;
constexpr int kCountShift = 4;  // without kPlain: number of spans
constexpr size_t kCheckBytes = 4;

// FNV-1a: each change of a single byte changes it.
uint32_t CheckSum(std::string_view bytes) {
  uint32_t sum = 2166136261u;
  for (unsigned char c : bytes) sum = (sum ^ c) * 16777619u;
  return sum;
}

void Write(std::string& out, uint64_t value) {
  for (; value >= 128; value >>= 7) out.push_back(static_cast<char>(value | 128));
  out.push_back(static_cast<char>(value));
}

void WriteSigned(std::string& out, int64_t value) {
  Write(out, static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63));
}

void WriteFixed(std::string& out, uint32_t value) {
  for (int i = 0; i < 4; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

// Takes a record apart; once something is missing, ok() stays false and zeros come.
class Source {
 public:
  explicit Source(std::string_view bytes) : rest_(bytes) {}
  bool ok() const { return ok_; }
  bool AtEnd() const { return ok_ && rest_.empty(); }
  void Fail() { ok_ = false; }

  std::string_view Take(size_t count) {
    if (!ok_ || rest_.size() < count) {
      ok_ = false;
      return {};
    }
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  uint8_t Byte() {
    const std::string_view one = Take(1);
    return one.empty() ? 0 : static_cast<uint8_t>(one[0]);
  }
  // Only the shortest form of a number is one.
  uint64_t Read() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint8_t byte = Byte();
      value |= static_cast<uint64_t>(byte & 127) << shift;
      if (byte < 128) {
        if ((byte == 0 && shift > 0) || (shift == 63 && byte > 1)) ok_ = false;
        return ok_ ? value : 0;
      }
    }
    ok_ = false;
    return 0;
  }
  int64_t ReadSigned() {
    const uint64_t value = Read();
    return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
  }
  uint32_t Fixed() {
    uint32_t value = 0;
    for (int i = 0; i < 4; ++i) value |= static_cast<uint32_t>(Byte()) << (8 * i);
    return value;
  }
  // A day within the years that the calendar of cover knows.
  Day ReadDay() {
    const int64_t index = ReadSigned();
    const bool known = index >= DayIndex(Day(1900, 1, 1)) && index <= DayIndex(Day(2199, 12, 31));
    if (!known) ok_ = false;
    return DayOfIndex(known ? index : 0);
  }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

void WritePlain(const Facts& facts, std::string& out) {
  if (facts.death_day) WriteSigned(out, DayIndex(*facts.death_day));
  if (facts.withdraw_day) WriteSigned(out, DayIndex(*facts.withdraw_day));
  Write(out, facts.runs.size());
  for (const Run& run : facts.runs) {
    Write(out, static_cast<uint64_t>(run.programme));
    WriteSigned(out, DayIndex(run.first_day));
    WriteSigned(out, DayIndex(run.last_day));
    WriteSigned(out, DayIndex(Day(run.first_month)));
    Write(out, static_cast<uint64_t>(run.months));
  }
}

Run ReadPlainRun(Source& source) {
  Run run;
  const uint64_t programme = source.Read();
  run.first_day = source.ReadDay();
  run.last_day = source.ReadDay();
  const Day month = source.ReadDay();
  const uint64_t months = source.Read();
  if (programme < 1 || programme > 3 || months < 1 || months > 3600 || month.day() != 1 ||
      run.last_day < run.first_day) {
    source.Fail();
    return {};
  }
  run.programme = static_cast<Programme>(programme);
  run.first_month = Month(month);
  run.months = static_cast<int>(months);
  return run;
}

void ReadPlain(uint8_t flags, Source& source, Facts& facts) {
  if (flags & kDeath) facts.death_day = source.ReadDay();
  if (flags & kWithdrawal) facts.withdraw_day = source.ReadDay();
  for (uint64_t left = source.Read(); left > 0 && source.ok(); --left) {
    facts.runs.push_back(ReadPlainRun(source));
  }
  if (PackSpans(facts)) source.Fail();
}

Spans ReadCodes(uint8_t flags, Source& source) {
  Spans spans;
  const int count = flags >> kCountShift;
  if (count > Spans::kMost) {
    source.Fail();
    return spans;
  }
  spans.count = count;
  for (int i = 0; i < count; ++i) spans.codes[i] = source.Fixed();
  return spans;
}

void ReadPacked(uint8_t flags, Source& source, Facts& facts) {
  const Spans spans = ReadCodes(flags, source);
  ReadSpans(spans, facts);
  if (PackSpans(facts) != spans) source.Fail();
}

std::string ReadNumber(uint8_t flags, Source& source) {
  if (flags & kTextNumber) {
    const uint64_t length = source.Read();
    if (length == 0) source.Fail();
    std::string number(source.Take(length));
    if (NumberCode(number)) source.Fail();
    return number;
  }
  const uint64_t code = source.Read();
  std::string number = NumberOfCode(code);
  if (number.empty() && code != 0) source.Fail();
  return number;
}

// What the check sum holds for; empty, which is no record, if it does not.
std::string_view BodyOf(std::string_view bytes) {
  if (bytes.size() < kCheckBytes) return {};
  const std::string_view body = bytes.substr(0, bytes.size() - kCheckBytes);
  if (Source(bytes.substr(body.size())).Fixed() != CheckSum(body)) return {};
  return body;
}

struct Head {
  uint8_t flags = 0;
  int64_t worker_id = 0;
  NikHash nik_hash{};
};

Head ReadHead(Source& source) {
  if (source.Byte() != kForm) source.Fail();
  Head head;
  head.flags = source.Byte();
  head.worker_id = static_cast<int64_t>(source.Read());
  const std::string_view hash = source.Take(head.nik_hash.size());
  if (head.worker_id <= 0) source.Fail();
  if (source.ok()) std::memcpy(head.nik_hash.data(), hash.data(), hash.size());
  return head;
}

int ReadOffset(uint8_t flags, Source& source) {
  if ((flags & kOffsetBits) != kOffsetBits) return 7 + (flags & kOffsetBits);
  const int64_t offset = source.ReadSigned();
  if (offset < -24 || offset > 24 || (offset >= 7 && offset <= 9)) source.Fail();
  return static_cast<int>(offset);
}

}  // namespace

std::vector<PersonKey> MemberRecord::Keys() const {
  std::vector<PersonKey> keys = {PersonKey::OfWorker(facts.worker_id), PersonKey::OfNik(nik_hash)};
  if (!membership_number.empty()) keys.push_back(PersonKey::OfNumber(membership_number));
  return keys;
}

bool MemberRecord::Has(const PersonKey& key) const { return absl::c_linear_search(Keys(), key); }

std::string Pack(const MemberRecord& record) {
  const Facts& facts = record.facts;
  const std::optional<uint64_t> number = NumberCode(record.membership_number);
  const std::optional<Spans> spans = PackSpans(facts);
  const bool text = !number && !record.membership_number.empty();
  const bool indonesian = facts.utc_offset_hours >= 7 && facts.utc_offset_hours <= 9;

  int flags = indonesian ? facts.utc_offset_hours - 7 : kOffsetBits;
  if (text) flags |= kTextNumber;
  if (spans) {
    flags |= spans->count << kCountShift;
  } else {
    flags |= kPlain | (facts.death_day ? kDeath : 0) | (facts.withdraw_day ? kWithdrawal : 0);
  }
  std::string out;
  out.reserve(64);
  out.push_back(static_cast<char>(kForm));
  out.push_back(static_cast<char>(flags));
  Write(out, static_cast<uint64_t>(facts.worker_id));
  out.append(reinterpret_cast<const char*>(record.nik_hash.data()), record.nik_hash.size());
  Write(out, text ? record.membership_number.size() : number.value_or(0));
  if (text) out += record.membership_number;
  if (!indonesian) WriteSigned(out, facts.utc_offset_hours);
  if (spans) {
    for (int i = 0; i < spans->count; ++i) WriteFixed(out, spans->codes[i]);
  } else {
    WritePlain(facts, out);
  }
  WriteFixed(out, CheckSum(out));
  return out;
}

std::optional<MemberRecord> Unpack(std::string_view bytes) {
  Source source(BodyOf(bytes));
  const Head head = ReadHead(source);
  MemberRecord record;
  record.facts.known = true;
  record.facts.worker_id = head.worker_id;
  record.nik_hash = head.nik_hash;
  record.membership_number = ReadNumber(head.flags, source);
  record.facts.utc_offset_hours = ReadOffset(head.flags, source);
  if ((head.flags & kPlain) == 0) {
    ReadPacked(head.flags, source, record.facts);
  } else if (head.flags >> 6 == 0) {
    ReadPlain(head.flags, source, record.facts);
  } else {
    return std::nullopt;
  }
  if (!source.AtEnd()) return std::nullopt;
  return record;
}

std::optional<CodedRecord> UnpackCoded(std::string_view bytes) {
  Source source(BodyOf(bytes));
  const Head head = ReadHead(source);
  const bool coded =
      (head.flags & (kPlain | kTextNumber)) == 0 && (head.flags & kOffsetBits) != kOffsetBits;
  if (!coded) return std::nullopt;
  CodedRecord record;
  record.worker_id = head.worker_id;
  record.nik_hash = head.nik_hash;
  record.number_code = source.Read();
  record.utc_offset_hours = ReadOffset(head.flags, source);
  record.spans = ReadCodes(head.flags, source);
  const bool number = record.number_code == 0 || IsNumberCode(record.number_code);
  if (!number || !source.AtEnd()) return std::nullopt;
  return record;
}

}  // namespace lingkaran::coverage
