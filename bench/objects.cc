/*
 * objects.cc: workloads in C++, whose blocks come from operator new and go by operator delete, most of them with their
 * size. The main is micro.c's. For what a workload is see workload.h.
 */
#include "workload.h"

#include <list>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

/* Shapes of several sizes behind one base: each is deleted through its base, with the size that its destructor knows. */
class Shape {
  public:
    virtual ~Shape() = default;
    virtual uint64_t mark() const = 0;
};

template <size_t Words> class ShapeOf final : public Shape {
  public:
    explicit ShapeOf(uint64_t mark) {
        words_[0] = mark;
        words_[Words - 1] = mark;
    }

    uint64_t mark() const override {
        if (words_[0] != words_[Words - 1]) {
            fail("an object does not hold what was written to it");
        }
        return words_[0];
    }

  private:
    uint64_t words_[Words];
};

std::unique_ptr<Shape> shape_make(uint64_t turn) {
    switch (turn % 5) {
    case 0:
        return std::make_unique<ShapeOf<2>>(turn);
    case 1:
        return std::make_unique<ShapeOf<4>>(turn);
    case 2:
        return std::make_unique<ShapeOf<7>>(turn);
    case 3:
        return std::make_unique<ShapeOf<12>>(turn);
    default:
        return std::make_unique<ShapeOf<25>>(turn);
    }
}

/* A random one of ten thousand objects is replaced. */
void new_objects(struct run *run) {
    constexpr uint32_t kObjects = 10000;
    struct dice dice = {0x3c6ef372fe94f82bu};
    std::vector<std::unique_ptr<Shape>> shapes(kObjects);
    std::vector<uint64_t> marks(kObjects);
    run_begin(run);
    for (uint64_t turn = 0; turn < run->count; turn++) {
        uint32_t place = dice_below(&dice, kObjects);
        if (shapes[place] != nullptr && shapes[place]->mark() != marks[place]) {
            fail("an object is another one");
        }
        shapes[place] = shape_make(turn);
        marks[place] = turn;
    }
    run_end(run);
}

/* Names of 8 to 31 characters: half of them too long to lie within the string itself. */
std::string name_of(uint64_t number) {
    std::string name = "name-" + std::to_string(number);
    name.append(number % 3 * 8, '.');
    return name;
}

/* Lists that are built at one end, sorted, and ended, as work queues are. */
void cxx_lists(struct run *run) {
    constexpr uint64_t kItems = 1000;
    struct dice dice = {0xa54ff53a5f1d36f1u};
    run->count = (run->count + kItems - 1) / kItems * kItems;
    run_begin(run);
    for (uint64_t turn = 0; turn < run->count; turn += kItems) {
        std::list<uint64_t> queue;
        uint64_t sum = 0;
        for (uint64_t i = 0; i < kItems; i++) {
            queue.push_back(dice_roll(&dice));
            sum += queue.back();
            if (i % 4 == 3) {
                sum -= queue.front();
                queue.pop_front();
            }
        }
        for (uint64_t item : queue) {
            sum -= item;
        }
        if (sum != 0) {
            fail("a list has lost items");
        }
    }
    run_end(run);
}

/* A directory by name and one by number are kept up to date: an entry is made, found, and replaced later. */
void cxx_maps(struct run *run) {
    constexpr uint32_t kEntries = 20000;
    struct dice dice = {0x510e527fade682d1u};
    std::map<std::string, std::vector<uint32_t>> by_name;
    std::unordered_map<uint64_t, std::string> by_number;
    run_begin(run);
    for (uint64_t turn = 0; turn < run->count; turn++) {
        uint64_t number = dice_below(&dice, kEntries);
        auto found = by_number.find(number);
        if (found == by_number.end()) {
            by_name[name_of(number)].push_back(static_cast<uint32_t>(number));
            by_number.emplace(number, name_of(number));
            continue;
        }
        auto entry = by_name.find(found->second);
        if (entry == by_name.end() || entry->second.front() != number) {
            fail("a map has lost an entry");
        }
        by_name.erase(entry);
        by_number.erase(found);
    }
    run_end(run);
}

/* A line of text is put together from words, and taken apart again. */
void cxx_strings(struct run *run) {
    constexpr size_t kWords = 12;
    run_begin(run);
    for (uint64_t turn = 0; turn < run->count; turn++) {
        std::string line;
        for (size_t i = 0; i < kWords; i++) {
            line += name_of(turn * kWords + i) + ' ';
        }
        std::vector<std::string> words;
        for (size_t from = 0, to; (to = line.find(' ', from)) != std::string::npos; from = to + 1) {
            words.push_back(line.substr(from, to - from));
        }
        if (words.size() != kWords || words.back() != name_of(turn * kWords + kWords - 1)) {
            fail("a line has lost words");
        }
    }
    run_end(run);
}

/* The operators as the compiler calls them where it knows the size; the block is not touched. */
void bare_new_64(struct run *run) {
    constexpr std::size_t kBytes = 64;
    run_begin(run);
    for (uint64_t turn = 0; turn < run->count; turn++) {
        void *block = ::operator new(kBytes);
        escape(block);
        ::operator delete(block, kBytes);
    }
    run_end(run);
}

const struct workload object_workloads[] = {
    {"new-objects", "a random one of 10 thousand objects replaced by new and delete", 10000000, new_objects},
    {"cxx-lists", "an item of a std::list", 15000000, cxx_lists},
    {"cxx-maps", "an entry made in, or erased from, two maps", 1500000, cxx_maps},
    {"cxx-strings", "a line of 12 words put together and taken apart", 300000, cxx_strings},
    {"bare-new-64", "new of 64 bytes and delete with the size, untouched", 40000000, bare_new_64},
    {nullptr, nullptr, 0, nullptr},
};

} // namespace

extern "C" const struct workload *const workload_tables[] = {object_workloads, nullptr};
