/* compile_me.cc: to be compiled and never run: templates of the C++ library, with types of its own. */
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

template <int N> struct Key {
    std::string name;
    int number = N;
    bool operator<(const Key &other) const {
        return number < other.number || (number == other.number && name < other.name);
    }
};

template <int N> struct Store {
    std::map<Key<N>, std::vector<std::shared_ptr<Key<N>>>> by_key;
    std::unordered_map<std::string, std::function<int(int)>> actions;

    int add(const std::string &name) {
        Key<N> key{name};
        by_key[key].push_back(std::make_shared<Key<N>>(key));
        actions[name] = [this, key](int by) { return static_cast<int>(by_key[key].size()) * by + N; };
        std::vector<std::string> names;
        for (const auto &entry : actions) {
            names.push_back(entry.first);
        }
        std::sort(names.begin(), names.end(), [](const auto &a, const auto &b) { return a.size() * N < b.size() * N; });
        return actions[names.front()](N);
    }
};

template <int N> int all(const std::string &name) {
    Store<N> store;
    if constexpr (N > 0) {
        return store.add(name) + all<N - 1>(name);
    }
    return store.add(name);
}

} // namespace

#ifndef STORES
#define STORES 2
#endif

int main(int count, char **words) { return count > 1 ? all<STORES>(words[1]) : 0; }
