// A world's imports of one interface in several versions become one.
#pragma once

#include "wit/model.h"

namespace ashlar::componentize {

/// Of imports whose versions stand in for each other (0.2.0, 0.2.3) only the newest is left, with what any of them has;
/// what used the others' types uses its. Apart remain interfaces that the world exports too, that say different things
/// of one name, or that would need each other then.
void unify_import_versions(wit::Resolve& model, wit::WorldId world);

}  // namespace ashlar::componentize
