#include "request_sinks.hpp"

#include "netherd/engine/types.hpp"

namespace netherd::lab {

using engine::value_of;

void BatchFiller::request(const ops::AddBridge& request, SourceLine line) {
  ops::AddBridge placed = request;
  placed.link.netns.descriptor = bridge_netns_;
  batch_.add(placed, value_of(line));
}

void BatchFiller::request(const ops::SetLink& request, SourceLine line) { batch_.add(request, value_of(line)); }

void BatchFiller::request(const ops::AddAddress& request, SourceLine line) {
  batch_.add(request, value_of(line));
  ++addresses_;
}

void BatchFiller::request(const ops::AddRoute& request, SourceLine line) {
  batch_.add(request, value_of(line));
  ++routes_;
}

void BatchFiller::request(const ops::GetLink& request, SourceLine line) {
  batch_.ask(request, value_of(line));
  ++questions_;
}

void RequestDescriber::request(const ops::AddBridge& request, SourceLine) { look_at(request); }

void RequestDescriber::request(const ops::SetLink& request, SourceLine) { look_at(request); }

void RequestDescriber::request(const ops::AddAddress& request, SourceLine) { look_at(request); }

void RequestDescriber::request(const ops::AddRoute& request, SourceLine) { look_at(request); }

void RequestDescriber::request(const ops::GetLink& request, SourceLine) { look_at(request); }

}  // namespace netherd::lab
