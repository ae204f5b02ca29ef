//! The constraint form of every statement.
