struct imported_shape { long sides[4]; };
