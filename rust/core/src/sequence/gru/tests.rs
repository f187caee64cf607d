//! Cells against their equations, gradients against differences, groups against sequences alone.
