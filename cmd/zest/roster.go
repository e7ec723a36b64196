package main

import (
	"context"

	"github.com/zest-digest/zest/digest"
	"github.com/zest-digest/zest/digest/store"
)

func (m *machine) subscribe(ctx context.Context, s digest.Subscription, again bool) (bool, error) {
	return m.store.Subscribe(ctx, s, store.SubscribeOptions{Again: again})
}

func (m *machine) subscriptions(ctx context.Context, list, state, email string, f func(digest.Subscription) error) error {
	switch digest.SubscriptionState(state) {
	case "", digest.SubPending, digest.SubConfirmed, digest.SubLeft:
	default:
		return &digest.InvalidError{Field: "--state", Value: state, Reason: "is not one of pending, confirmed, left"}
	}
	return m.store.Subscriptions(ctx, store.SubscriptionFilter{List: list, State: digest.SubscriptionState(state), Email: email}, f)
}

func (m *machine) deliveries(ctx context.Context, id digest.EditionID, status digest.DeliveryStatus, f func(digest.Delivery) error) error {
	return m.store.Deliveries(ctx, id, status, f)
}
