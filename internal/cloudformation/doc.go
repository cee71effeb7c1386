// Package cloudformation deploys templates: it compares a template with what a stack has, makes, changes
// and removes resources in the order of their needs, and puts everything back when a step fails.
//
// It owns the life of a stack (create, update, replacement, cleanup, rollback, delete), its events and
// records, the table of resource types with their properties, and the providers, which call the same
// typed methods of the services that the wire API calls. It does not know the template language (package
// template) nor how a service works: what a provider needs of one it states as a small interface here.
//
// It fails closed. A property that a modelled type does not have is an error with its place. A type that
// bears on access and is not modelled, and every declared control that Gatehouse does not enforce yet, is a
// Finding: nothing is touched until each has been accepted by name. Any other unknown type becomes a
// record with stand-in values and is listed.
//
// Reading order: engine.go (what can be asked), plan.go (what would happen), apply.go (what happens),
// rollback.go. It follows the CloudFormation user guide, "Stack updates", "Stack failure options" and
// "DeletionPolicy attribute", and recorded event streams of real stacks.
package cloudformation
