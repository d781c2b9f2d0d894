// Containers, strings, smart pointers, exceptions and threads that end each other's objects.
#include <algorithm>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <iostream>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace {

struct alignas(64) Wide {
    explicit Wide(int n) : numbers{n} {}
    int numbers[16];
};

int ordered() {
    std::map<std::string, std::vector<int>> words;
    for (int i = 0; i < 20000; i++) {
        words["word" + std::to_string(i % 1000)].push_back(i);
    }
    std::set<int> sums;
    for (const auto &[word, numbers] : words) {
        int sum = 0;
        for (int number : numbers) {
            sum += number;
        }
        sums.insert(sum + static_cast<int>(word.size()));
    }
    return *sums.rbegin() - *sums.begin();
}

std::size_t unordered() {
    std::unordered_map<int, std::unique_ptr<std::string>> texts;
    std::list<std::string> kept;
    for (int i = 0; i < 50000; i++) {
        texts[i * 7919 % 5003] = std::make_unique<std::string>(i % 200, 'x');
        if (i % 10 == 0) {
            kept.emplace_back(i % 90, 'y');
        }
    }
    kept.sort();
    std::size_t total = kept.front().size() + kept.back().size();
    for (const auto &[key, text] : texts) {
        total += text->size();
    }
    return total;
}

int thrown() {
    int caught = 0;
    std::function<void(int)> descend = [&](int depth) {
        std::string local(depth * 10, 'z');
        if (depth == 50) {
            throw std::runtime_error("the bottom is at " + std::to_string(local.size()));
        }
        descend(depth + 1);
    };
    for (int i = 0; i < 1000; i++) {
        try {
            descend(i % 50);
        } catch (const std::runtime_error &error) {
            caught += static_cast<int>(std::string(error.what()).size());
        }
    }
    return caught;
}

long handed_over() {
    std::mutex mutex;
    std::condition_variable filled;
    std::deque<std::shared_ptr<std::vector<int>>> line;
    std::vector<std::thread> makers;
    for (int maker = 0; maker < 4; maker++) {
        makers.emplace_back([&, maker] {
            for (int i = 0; i < 5000; i++) {
                auto item = std::make_shared<std::vector<int>>(i % 300, maker);
                std::lock_guard<std::mutex> guard(mutex);
                line.push_back(std::move(item));
                filled.notify_one();
            }
        });
    }
    long total = 0;
    for (int i = 0; i < 20000; i++) {
        std::unique_lock<std::mutex> guard(mutex);
        filled.wait(guard, [&] { return !line.empty(); });
        auto item = std::move(line.front());
        line.pop_front();
        guard.unlock();
        total += std::count(item->begin(), item->end(), 3);
    }
    for (auto &maker : makers) {
        maker.join();
    }
    return total;
}

bool aligned() {
    std::vector<std::unique_ptr<Wide>> singles;
    bool good = true;
    for (int i = 0; i < 1000; i++) {
        singles.push_back(std::make_unique<Wide>(i));
        good = good && reinterpret_cast<std::uintptr_t>(singles.back().get()) % 64 == 0;
    }
    std::vector<Wide> row(1000, Wide(1));
    return good && reinterpret_cast<std::uintptr_t>(row.data()) % 64 == 0;
}

} // namespace

int main() {
    auto later = std::async(std::launch::async, unordered);
    std::cout << ordered() << '\n' << thrown() << '\n' << handed_over() << '\n' << aligned() << '\n';
    std::cout << later.get() << '\n';
    try {
        throw std::future_error(std::future_errc::no_state);
    } catch (const std::logic_error &error) {
        std::cout << error.what() << '\n';
    }
}
